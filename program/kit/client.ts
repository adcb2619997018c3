/** Instructions, addresses and accounts by the interface description; signed messages by the protocol document. */
import { type AccountMeta, PublicKey, TransactionInstruction } from '@solana/web3.js'
import { ByteReader, ByteWriter } from '../../sdk/codec/index.ts'
import { fieldsOf, type Idl, type IdlInstruction, readIdl } from '../idl/index.ts'
import { readFields, type Value, type Values, writeFields } from './values.ts'

export const idl: Idl = readIdl()

const EVENT_PREFIX = 'Program data: '

/** Code of an error by its name. @throws Error for a name the description does not have */
export function errorCode(name: string): number {
  const found = idl.errors.find(error => error.name === name)
  if (found === undefined) throw new Error(`the IDL has no error ${name}`)
  return found.code
}

export function instructionNamed(name: string): IdlInstruction {
  const found = idl.instructions.find(instruction => instruction.name === name)
  if (found === undefined) throw new Error(`the IDL has no instruction ${name}`)
  return found
}

/** @param accounts by their names in the description; fixed addresses and absent optional ones may be left out */
export function instruction(
  program: PublicKey,
  name: string,
  accounts: Readonly<Record<string, PublicKey>>,
  args: Values = {}
): TransactionInstruction {
  const description = instructionNamed(name)
  const keys = description.accounts.map((item): AccountMeta => {
    const fixed = item.address === undefined ? undefined : new PublicKey(item.address)
    const pubkey = accounts[item.name] ?? fixed ?? (item.optional === true ? program : undefined)
    if (pubkey === undefined) throw new Error(`${name} needs ${item.name}`)
    const isAbsent = item.optional === true && pubkey.equals(program)
    return { pubkey, isSigner: item.signer === true, isWritable: item.writable === true && !isAbsent }
  })
  const writer = new ByteWriter().bytes(Uint8Array.from(description.discriminator))
  writeFields(idl, description.args, args, writer)
  return new TransactionInstruction({ programId: program, keys, data: Buffer.from(writer.finish()) })
}

/** Fields of an account. @throws Error when it is another kind or has other bytes */
export function decodeAccount(name: string, data: Uint8Array): Record<string, Value> {
  const description = idl.accounts.find(account => account.name === name)
  const reader = new ByteReader(data, name)
  const tag = reader.bytes(8)
  if (description === undefined || tag.some((byte, i) => byte !== description.discriminator[i])) {
    throw new Error(`not a ${name}`)
  }
  const fields = readFields(idl, fieldsOf(idl, name), reader)
  // A distribution's bitmap follows its fields.
  if (name !== 'Distribution') reader.end()
  return fields
}

export interface Event {
  readonly name: string
  readonly fields: Readonly<Record<string, Value>>
}

/** The events in a transaction's log. */
export function decodeEvents(logs: readonly string[]): Event[] {
  return logs
    .filter(line => line.startsWith(EVENT_PREFIX))
    .map(line => {
      const reader = new ByteReader(new Uint8Array(Buffer.from(line.slice(EVENT_PREFIX.length), 'base64')), 'event')
      const tag = reader.bytes(8)
      const description = idl.events.find(event => event.discriminator.every((byte, i) => byte === tag[i]))
      if (description === undefined) throw new Error('an event that the IDL does not have')
      const fields = readFields(idl, fieldsOf(idl, description.name), reader)
      reader.end()
      return { name: description.name, fields }
    })
}

/** The program's addresses. */
export class Addresses {
  readonly program: PublicKey

  constructor(program: PublicKey) {
    this.program = program
  }

  #find(...seeds: readonly (string | Uint8Array)[]): PublicKey {
    const bytes = seeds.map(seed => (typeof seed === 'string' ? new TextEncoder().encode(seed) : seed))
    return PublicKey.findProgramAddressSync(bytes, this.program)[0]
  }

  config(): PublicKey {
    return this.#find('config')
  }

  vault(of: PublicKey): PublicKey {
    return this.#find('vault', of.toBytes())
  }

  plan(service: number, tier: number, billingPeriod: number): PublicKey {
    return this.#find('plan', Uint8Array.of(service), Uint8Array.of(tier), Uint8Array.of(billingPeriod))
  }

  subscription(subscriber: PublicKey, poolId: Uint8Array): PublicKey {
    return this.#find('subscription', subscriber.toBytes(), poolId)
  }

  creatorPool(creator: PublicKey): PublicKey {
    return this.#find('creator_pool', creator.toBytes())
  }

  contentFund(pool: PublicKey, contentId: Uint8Array): PublicKey {
    return this.#find('content_fund', pool.toBytes(), contentId)
  }

  channel(sender: PublicKey, receiver: PublicKey, nonce: bigint): PublicKey {
    return this.#find('channel', sender.toBytes(), receiver.toBytes(), u64(nonce))
  }

  distribution(pool: PublicKey, openedSlot: bigint, epoch: bigint): PublicKey {
    return this.#find('distribution', pool.toBytes(), u64(openedSlot), u64(epoch))
  }

  claimReceipt(distribution: PublicKey, index: number): PublicKey {
    return this.#find('claim_receipt', distribution.toBytes(), new ByteWriter().u32le(index).finish())
  }
}

function u64(value: bigint): Uint8Array {
  return new ByteWriter().u64le(value).finish()
}
