/** Entry of a codec worker: nothing but the host behind comlink. Runs as a module worker and in Node's worker threads. */
import { expose } from 'comlink'
import { createCodecHost } from './codec-host.ts'
import { ownEndpoint } from './worker-endpoint.ts'

expose(createCodecHost({ ownsJobs: true }), ownEndpoint())
