export { type CraftecWorker, type CraftecWorkerOptions, createCraftecWorker } from './craftec/index.ts'
