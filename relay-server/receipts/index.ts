export { addReceiptsCommand } from './receipts-command.ts'
