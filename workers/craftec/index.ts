export { type CraftecWorker, type CraftecWorkerOptions, createCraftecWorker } from './create-craftec-worker.ts'
