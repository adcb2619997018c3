export { type ChainServer, type ChainServerOptions, startChainServer } from './chain-server.ts'
