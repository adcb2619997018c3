import { afterAll, beforeAll } from 'vitest'
import { findProgram, freePorts, serverFiles, startForeignServer } from '../tls/foreign-server.ts'
import { content, describeInterop, download, featuresOf, root, type ServerSetup } from '../tls/interop.ts'

const nginx = findProgram('nginx')
const files = serverFiles(root)
files.write('content', content)
const setups = featuresOf('nginx 1.22').map(({ setup }) => setup)
let server: Awaited<ReturnType<typeof startForeignServer>> | undefined
let ports: number[] = []

beforeAll(async () => {
  if (nginx === undefined) return
  ports = await freePorts(setups.length)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${files.folder}/${kind};`
  )
  const config = files.write(
    'nginx.conf',
    `daemon off; master_process off; pid ${files.folder}/nginx.pid; error_log stderr error;
    events {}
    http { access_log off; ssl_protocols TLSv1.3; ${temporary.join(' ')} ${setups.map(block).join('\n')} }`
  )
  server = await startForeignServer(nginx, ['-c', config, '-e', 'stderr'], ports[0] ?? 0)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  files[Symbol.dispose]()
})

function block({ leaf, suite, group, tickets, padding, asksForCertificate }: ServerSetup, index: number): string {
  const { cert, key } = files.identity(leaf)
  return `server {
    listen 127.0.0.1:${ports[index]} ssl;
    root ${files.folder};
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_buffer_size 1400;
    ${suite ? `ssl_conf_command Ciphersuites ${suite};` : ''}
    ${group ? `ssl_ecdh_curve ${group === 'x25519' ? 'X25519' : group};` : ''}
    ${tickets ? `ssl_conf_command NumTickets ${tickets};` : ''}
    ${padding ? `ssl_conf_command RecordPadding ${padding};` : ''}
    ${asksForCertificate ? 'ssl_verify_client optional_no_ca;' : ''}
  }`
}

describeInterop('nginx 1.22', nginx, async (setup, open) => {
  const transport = await server?.connect(ports[setups.indexOf(setup)])
  if (transport === undefined) throw new Error('nginx did not start')
  return download(await open(transport))
})
