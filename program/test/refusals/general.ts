import type { TransactionInstruction } from '@solana/web3.js'
import { caseOf, createMint, createTokenAccount, keyOf, type Outcome, TOKEN_2022_PROGRAM } from '../../kit/index.ts'
import { attempted, type Refusal, refused } from './refusal.ts'

/** Sends the call after `change` has had its way with the finished instruction. */
function altered(name: string, change: (instruction: TransactionInstruction) => void): Outcome {
  const { world, call } = caseOf(name)
  const instruction = world.instruction(call)
  change(instruction)
  return world.runtime.send([...(call.before ?? []), instruction], call.signers)
}

function withData(name: string, change: (data: Buffer) => Buffer): Outcome {
  return altered(name, instruction => {
    instruction.data = change(instruction.data)
  })
}

export const general: readonly Refusal[] = [
  attempted('InvalidInstruction', 'an unknown discriminator', () => withData('pause', () => Buffer.alloc(8, 1))),
  attempted('InvalidInstruction', 'half a discriminator', () => withData('pause', data => data.subarray(0, 4))),
  attempted('InvalidInstruction', 'no data', () => withData('pause', () => Buffer.alloc(0))),
  attempted('InvalidArguments', 'a missing byte', () => withData('deposit', data => data.subarray(0, -1))),
  attempted('InvalidArguments', 'a trailing byte', () =>
    withData('deposit', data => Buffer.concat([data, Buffer.of(0)]))
  ),
  attempted('InvalidArguments', 'a trailing byte after variable arguments', () =>
    withData('update_config', data => Buffer.concat([data, Buffer.of(0)]))
  ),
  attempted('InvalidArguments', 'an option tag of 2', () =>
    withData('update_config', data => Buffer.concat([data.subarray(0, 8), Buffer.of(2), data.subarray(9)]))
  ),
  attempted('InvalidArguments', 'a boolean of 2', () =>
    withData('update_plan', data => Buffer.concat([data.subarray(0, -1), Buffer.of(2)]))
  ),
  attempted('InvalidArguments', 'a quorum that ends early', () =>
    withData('initialize_config', data => data.subarray(0, -32))
  ),
  attempted('InvalidArguments', 'a proof that claims four billion hashes', () =>
    withData('claim', data => {
      data.writeUInt32LE(0xffffffff, 20)
      return data
    })
  ),
  attempted('InvalidArguments', 'a proof shorter than it says', () => withData('claim', data => data.subarray(0, -32))),
  attempted('WrongAccountCount', 'one account too few', () =>
    altered('deposit', instruction => {
      instruction.keys.pop()
    })
  ),
  attempted('WrongAccountCount', 'thirty-three accounts', () =>
    altered('pause', instruction => {
      const filler = { pubkey: keyOf('filler').publicKey, isSigner: false, isWritable: false }
      instruction.keys.push(...Array.from({ length: 31 }, () => filler))
    })
  ),
  attempted('MissingSignature', 'an admin who did not sign', () => {
    const { world, call } = caseOf('pause')
    const instruction = world.instruction(call)
    for (const key of instruction.keys) key.isSigner = false
    return world.runtime.send([instruction], [world.people.mallory.key])
  }),
  attempted('NotWritable', 'a read-only configuration', () =>
    altered('pause', instruction => {
      for (const key of instruction.keys) key.isWritable = false
    })
  ),
  refused('deposit', 'WrongProgram', 'another token program', (world, call) => ({
    accounts: { ...call.accounts, token_program: world.program }
  })),
  refused('deposit', 'WrongMint', 'tokens of another mint', (world, call) => {
    const other = createMint(world.runtime, world.people.bob.key, keyOf('other mint'))
    const token = createTokenAccount(world.runtime, world.people.bob.key, other, world.people.bob.address)
    return { accounts: { ...call.accounts, depositor_token: token } }
  }),
  refused('deposit', 'WrongTokenOwner', "another depositor's tokens", (world, call) => ({
    accounts: { ...call.accounts, depositor_token: world.people.alice.token }
  })),
  refused('deposit', 'InvalidTokenAccount', 'a mint for a token account', (world, call) => ({
    accounts: { ...call.accounts, depositor_token: world.mint }
  })),
  refused('deposit', 'InvalidTokenAccount', 'a wallet for a token account', (world, call) => ({
    accounts: { ...call.accounts, depositor_token: world.people.bob.address }
  })),
  refused('deposit', 'Token2022Unsupported', 'a Token-2022 account', (world, call) => {
    const { bob } = world.people
    const mint = createMint(world.runtime, bob.key, keyOf('2022 mint'), TOKEN_2022_PROGRAM)
    const token = createTokenAccount(world.runtime, bob.key, mint, bob.address, TOKEN_2022_PROGRAM)
    return { accounts: { ...call.accounts, depositor_token: token } }
  }),
  refused('deposit', 'Token2022Unsupported', 'the Token-2022 program', (_world, call) => ({
    accounts: { ...call.accounts, token_program: TOKEN_2022_PROGRAM }
  })),
  refused('deposit', 'InvalidAddress', 'another vault', (world, call) => ({
    accounts: { ...call.accounts, vault: world.people.bob.token }
  })),
  refused('deposit', 'InvalidAccount', 'a configuration for a pool', (world, call) => ({
    accounts: { ...call.accounts, creator_pool: world.config }
  }))
]
