/** For tests and demos of applications; nothing of the SDK itself imports it. */
export { registerTestWallet, type TestWallet, type TestWalletOptions } from './test-wallet.ts'
