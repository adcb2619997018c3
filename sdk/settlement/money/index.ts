export {
  addMoney,
  compareMoney,
  feeOf,
  formatMoney,
  type Money,
  money,
  parseMoney,
  shareOf,
  subtractMoney,
  type Token
} from './money.ts'
