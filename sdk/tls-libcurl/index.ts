export { type LibcurlTlsOptions, libcurlTls } from './libcurl-tls.ts'
