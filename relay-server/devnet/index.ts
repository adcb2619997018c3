export { demoBytes } from './demo-bytes.ts'
export { type DemoOrigin, type DemoRequest, startDemoOrigin } from './demo-origin.ts'
export { addDevnetCommand } from './devnet-command.ts'
export { type Devnet, type DevnetNode, type DevnetOptions, type DevnetRole, startDevnet } from './start-devnet.ts'
