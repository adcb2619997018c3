/** Errors of the runtime, and of the programs that ours calls, as far as users meet them. */

/** Name, advice. */
type Known = readonly [name: string, advice: string]

export const RUNTIME_ERRORS: Readonly<Record<string, string>> = {
  AccountNotFound: 'the payer of the fee has no lamports: fund it',
  InsufficientFundsForFee: 'the payer of the fee has too few lamports: fund it',
  InsufficientFundsForRent: 'an account would be left with too few lamports for its rent: send more',
  BlockhashNotFound: 'the transaction is too old: build it anew with a fresh blockhash',
  AlreadyProcessed: 'it was processed before: look its signature up instead of sending it again',
  SignatureFailure: 'a signature is missing or wrong: sign again',
  ProgramAccountNotFound: 'the program does not exist on this cluster: check the program id and the endpoint'
}

export const INSTRUCTION_ERRORS: Readonly<Record<string, string>> = {
  ComputationalBudgetExceeded: 'ask for a higher compute unit limit',
  MissingRequiredSignature: 'sign with the key of the party that acts',
  UnsupportedProgramId: 'the program does not exist on this cluster: check the program id and the endpoint',
  IncorrectProgramId: 'an account belongs to another program than expected'
}

const SYSTEM: Readonly<Record<number, Known>> = {
  0: ['AccountAlreadyInUse', 'the account exists: use it'],
  1: ['ResultWithNegativeLamports', 'the payer has too few lamports: fund it']
}

const TOKEN: Readonly<Record<number, Known>> = {
  0: ['NotRentExempt', 'the token account has too few lamports for its rent'],
  1: ['InsufficientFunds', 'the token account holds less than this: fund it'],
  3: ['MintMismatch', 'use a token account of the configured mint'],
  4: ['OwnerMismatch', 'use a token account of the party that signs'],
  17: ['AccountFrozen', 'the token account is frozen by its issuer']
}

export const FOREIGN_ERRORS: Readonly<Record<string, Readonly<Record<number, Known>>>> = {
  '11111111111111111111111111111111': SYSTEM,
  TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA: TOKEN
}
