export { type ContentWorkerOptions, type ContentWorkerScope, handleContentRequests } from './handle-content-requests.ts'
