export type { Explanation } from './explanation.ts'
export { type FetchRequest, type NetFetchInit, parseTarget, readHeaders } from './fetch-options.ts'
export { NetFetch, type NetFetchOptions } from './net-fetch.ts'
export type {
  ExplainedHop,
  OpenedStream,
  OpenStream,
  OpenStreamRequest,
  StreamTarget,
  StreamTrace
} from './open-stream.ts'
export { type ExitRule, exitRule, type HopCount, hopCount, type PathRules } from './path-rules.ts'
export { realResponse } from './real-response.ts'
export { requestHeaders } from './request-headers.ts'
export { securedStream, type UrlTarget, urlTarget } from './target-stream.ts'
export type { TlsConnection, TlsEngine } from './tls-engine.ts'
export { createTls13Engine, type Tls13Options } from './tls13-engine.ts'
