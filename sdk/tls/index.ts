export { connectTls, type TlsInfo, type TlsOptions, type TlsStream } from './connect-tls.ts'
