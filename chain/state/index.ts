export { type ChainState, loadState, saveState } from './state-file.ts'
export { StateSaver } from './state-saver.ts'
