export { type ContentServer, type ServeContentOptions, serveContent } from './serve-content.ts'
