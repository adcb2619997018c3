export { type ContentAsk, isContentAsk, type PageMessage, type WorkerMessage } from './content-messages.ts'
