import type { CraftecError } from '@craftec/web'

/** What each failure means for the person in front of the page, in their words. */
const ADVICE: Partial<Record<CraftecError['code'], readonly [title: string, text: string]>> = {
  'bootstrap-unreachable': [
    'No relay answered',
    'None of the entry addresses could be reached. Check that the network is up, then try again.'
  ],
  'directory-empty': [
    'No relays known',
    'The directory holds no fresh, valid descriptor yet. Wait a moment or check the bootstrap address.'
  ],
  'no-path': ['No path fits', 'The rules leave no set of relays. Choose fewer relays or another exit country.'],
  'circuit-failed': ['The circuit could not be built', 'A relay on the way did not answer. Try a new path.'],
  'circuit-destroyed': [
    'The circuit broke',
    'A relay on the way went away. Nothing was sent directly. Try again: other relays will be used.'
  ],
  'exit-refused': [
    'The exit refuses this address',
    'Its policy does not allow it. Private and local addresses are closed by default.'
  ],
  'name-not-resolved': ['No such host', 'The exit could not find this name.'],
  'connect-failed': [
    'The site did not answer',
    'The exit reached the network, but the site refused or dropped the connection.'
  ],
  'insecure-url': ['Plain http: is refused', 'The exit could read it. Only pages that allow it explicitly may use it.'],
  unsupported: ['Not possible here', 'This browser lacks something the request needs.'],
  'tls-certificate-name-mismatch': [
    'This is not the site it claims to be',
    'Its certificate is for other names. Nothing was sent. Somebody may be in between.'
  ],
  'tls-certificate-expired': [
    'The certificate is out of date',
    'It is not valid today. Check the clock of this device; otherwise the site has to renew it.'
  ],
  'tls-certificate-untrusted': [
    'Nobody trusted vouches for this site',
    'Its certificate is from an unknown authority. Nothing was sent.'
  ],
  'tls-certificate-invalid': [
    'The certificate is not acceptable',
    'It is malformed, too weak, or not allowed to speak for a site. Nothing was sent.'
  ],
  'tls-protocol-violation': [
    'The encrypted connection was disturbed',
    'The site, or somebody on the way, broke the rules of TLS. Try a new path.'
  ],
  'tls-version-unsupported': [
    'The site is too old',
    'It does not speak TLS 1.3, the only version this client accepts.'
  ],
  'tls-handshake-failed': ['The site refused to talk', 'It ended the TLS handshake.'],
  'tls-truncated': [
    'The answer was cut short',
    'The encrypted stream ended without saying so, so what came is not shown.'
  ],
  'body-truncated': ['The answer was cut short', 'It ended before its declared length, so it is not shown.'],
  timeout: ['Too slow', 'Nothing arrived within the deadline. Try a new path.'],
  aborted: ['Cancelled', 'The request was ended before it finished.']
}

export function advice(error: CraftecError): { title: string; text: string } {
  const [title, text] = ADVICE[error.code] ?? ['It did not work', error.message]
  return { title, text }
}
