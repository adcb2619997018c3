import type { ErrorCode } from '../sdk/errors/index.ts'
import type { SegmentState } from '../sdk/obj/index.ts'

/** Every word that `<craftec-storage>` shows. `{name}` in a text is replaced by the value of that name. */
export interface StorageStrings {
  readonly title: string
  readonly drop: string
  readonly dropNow: string
  readonly choose: string
  readonly encrypted: string
  readonly unencrypted: string
  readonly linkLabel: string
  readonly linkPlaceholder: string
  readonly retrieve: string
  readonly badLink: string
  readonly files: string
  readonly connecting: string
  readonly waiting: string
  readonly storing: string
  readonly fetching: string
  readonly paused: string
  readonly of: string
  readonly left: string
  readonly stored: string
  readonly retrieved: string
  readonly streaming: string
  readonly cancelled: string
  readonly pause: string
  readonly resume: string
  readonly cancel: string
  readonly copy: string
  readonly copied: string
  readonly save: string
  readonly dismiss: string
  readonly share: string
  readonly keyWarning: string
  readonly spreadWaiting: string
  readonly spreading: string
  readonly spreadDone: string
  readonly spreadLocal: string
  readonly spreadStopped: string
  readonly keptSince: string
  readonly keptKey: string
  readonly deleteContent: string
  readonly deleteSure: string
  readonly deleted: string
  readonly check: string
  readonly checking: string
  readonly heldByNobody: string
  readonly holdersFailed: string
  readonly holdersAbsent: string
  /** How safe a content is, by what its holders proved. */
  readonly health: Readonly<Record<SegmentState, string>>
  readonly quota: string
  readonly quotaUsed: string
  readonly preview: string
  readonly previewFailed: string
  readonly tooLarge: string
  readonly tooMany: string
  readonly noNetwork: string
  readonly retry: string
  readonly unknownName: string
  /** What went wrong, in words that help, by code; `internal` stands for every code that has none. */
  readonly errors: Readonly<Partial<Record<ErrorCode, string>>> & { readonly internal: string }
}

export type StringOverrides = Partial<Omit<StorageStrings, 'errors' | 'health'>> & {
  readonly health?: Partial<Record<SegmentState, string>>
  readonly errors?: Partial<Record<ErrorCode, string>>
}

export const ENGLISH: StorageStrings = {
  title: 'Storage',
  drop: 'Drop files here',
  dropNow: 'Let go to store them',
  choose: 'Choose files',
  encrypted: 'Encrypted on this device before anything leaves it.',
  unencrypted: 'Not encrypted: whoever holds a file can read it.',
  linkLabel: 'Retrieve by link',
  linkPlaceholder: 'craftec:…',
  retrieve: 'Retrieve',
  badLink: 'This is not a complete craftec: link. Copy it again, with everything behind the # sign.',
  files: 'Files',
  connecting: 'Connecting',
  waiting: 'Waits its turn',
  storing: 'Storing',
  fetching: 'Fetching',
  paused: 'Paused',
  of: '{done} of {total}',
  left: '{time} left',
  stored: 'Stored on this device',
  retrieved: 'Retrieved and verified',
  streaming: 'Plays as it arrives',
  cancelled: 'Cancelled',
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  copy: 'Copy link',
  copied: 'Copied',
  save: 'Save',
  dismiss: 'Remove from list',
  share: 'Link to {name}',
  keyWarning: 'The link contains the key. Nobody can open the file without it, and everybody can with it.',
  spreadWaiting: 'Only on this device so far: no storage peer takes it now. It is tried again.',
  spreading: 'Being copied to {peers} storage peers: {stored} of {wanted} pieces.',
  spreadDone: 'Held by {peers} storage peers. You can close this page.',
  spreadLocal: 'On this device only.',
  spreadStopped: 'Copying stopped; it goes on when this page is opened again.',
  keptSince: 'Stored on this device since {date}.',
  keptKey: 'Encrypted: only the link opens it, and this page did not keep the link.',
  deleteContent: 'Delete from this device',
  deleteSure: 'Delete it now',
  deleted: 'Deleted from this device. What storage peers hold stays there.',
  check: 'Check holders',
  checking: 'Checking',
  heldByNobody: 'No storage peer could prove that it holds this. Keep the copy on this device.',
  holdersFailed: 'Storage peers that could not prove what they claim: {peers}.',
  holdersAbsent: 'Out of reach: {peers}.',
  health: {
    healthy: 'Safe. Storage peers that proved what they hold: {peers}. Any {tolerance} of them may vanish.',
    degraded:
      'Storage peers that proved what they hold: {peers}, with {pieces} of {target} pieces. Any {tolerance} of them may vanish.',
    critical:
      'Storage peers that proved what they hold: {peers}, with {pieces} of {target} pieces. None of them may vanish yet.',
    lost: 'What storage peers proved is not enough to read it. Keep the copy on this device.'
  },
  quota: 'Space used in this browser',
  quotaUsed: '{used} of {quota} used',
  preview: 'Preview of {name}',
  previewFailed: 'This browser cannot show the file. It can still be saved.',
  tooLarge: 'Larger than the {limit} that this page accepts.',
  tooMany: 'That is more than {limit} files at once. Remove some from the list first.',
  noNetwork: 'Storage did not start.',
  retry: 'Try again',
  unknownName: 'Unnamed file',
  errors: {
    'storage-full': 'There is no room left for it in this browser. Free some disk space or remove other files.',
    'storage-unavailable':
      'This browser does not let the page store anything. Leave private browsing, or allow site data.',
    'storage-corrupt': 'What this browser had stored for the page cannot be read any more.',
    'content-unavailable':
      'Nobody who can be reached has it right now. Try again later, or ask whoever gave you the link.',
    'content-corrupt': 'What was published under this link does not fit together. It was not opened.',
    'bootstrap-unreachable': 'The network cannot be reached. Check your connection.',
    'link-failed': 'The connection to a peer failed. Try again.',
    'link-closed': 'The connection was closed on the way. Try again.',
    malformed: 'This is not a complete craftec: link. Copy it again, with everything behind the # sign.',
    'invalid-signature': 'This was not made by whoever claims to have made it. It was not opened.',
    timeout: 'It took too long. Check your connection and try again.',
    stopped: 'Storage was stopped. Reload the page.',
    unsupported: 'This browser lacks something that storage needs. A current version will do.',
    'limit-exceeded': 'It is larger than what can be stored.',
    internal: 'It did not work. Try again.'
  }
}

/** @param overrides texts that replace the English ones; those not given stay */
export function withOverrides(overrides: StringOverrides): StorageStrings {
  return {
    ...ENGLISH,
    ...overrides,
    errors: { ...ENGLISH.errors, ...overrides.errors },
    health: { ...ENGLISH.health, ...overrides.health }
  }
}

/** `fill('{done} of {total}', { done: '1', total: '2' })`; a name without a value stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
