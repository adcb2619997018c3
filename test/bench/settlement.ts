/** What paying costs: vouchers, addresses, proofs, the local chain through its RPC, and the program's compute. Figures of the chain are of its process too. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { systemRandom } from '../../sdk/async/index.ts'
import { decodeBase58, encodeBase64 } from '../../sdk/codec/index.ts'
import {
  type Address,
  addressBytes,
  addressFromBytes,
  decodeVoucher,
  encodeVoucher,
  findProgramAddress,
  SETTLEMENT_PROGRAM,
  SettlementAddresses,
  type Voucher
} from '../../sdk/settlement/index.ts'
import { buildMerkleTree } from '../../sdk/settlement/operator/index.ts'
import type { BenchSuite, Measurement } from './harness.ts'
import type { SettlementParameters } from './settlement.serve.ts'

const ROUND_MS = 100
const ENTRIES = 1000
/** ceil(log2(1000)) hashes. */
const PROOF_BYTES = 10 * 32
const TRANSACTIONS = 40
/** As many as a browser opens connections to one host. */
const AT_ONCE = 6
const POLL_MS = 5
/** As the program's own test has it. */
const MOST_GROWTH = 1.1

export const suite: BenchSuite<SettlementParameters> = {
  name: 'settlement',
  rounds: 5,
  warmUpRounds: 1,
  timeoutMs: 30_000,
  open: async ({ url, seed, computeUnits }) => {
    const secret = Uint8Array.from(seed)
    const wallet = ed25519.getPublicKey(secret)
    const keys = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
    const voucher: Voucher = {
      program: SETTLEMENT_PROGRAM,
      channel: new SettlementAddresses().channel({
        sender: addressFromBytes(wallet),
        receiver: SETTLEMENT_PROGRAM,
        nonce: 1n
      }),
      openedSlot: 1n,
      seq: 1n,
      amount: 1n
    }
    const message = Uint8Array.from(encodeVoucher(voucher))
    const signature = ed25519.sign(message, secret)
    const own = new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, message))
    const tree = buildMerkleTree(
      Array.from({ length: ENTRIES }, () => ({ operator: Uint8Array.from(systemRandom(32)), weight: 1n }))
    )
    const chain = rpcClient(url)
    return {
      rows: [
        {
          measurement: perSecond('voucher encoded and signed (WebCrypto)', () =>
            crypto.subtle.sign('Ed25519', keys.privateKey, Uint8Array.from(encodeVoucher(voucher)))
          ),
          baseline: perSecond('noble sign', async () => ed25519.sign(message, secret))
        },
        {
          measurement: perSecond('voucher decoded and verified (WebCrypto)', async () => {
            decodeVoucher(message)
            if (!(await crypto.subtle.verify('Ed25519', keys.publicKey, own, message))) throw new Error('not verified')
          }),
          baseline: perSecond('noble verify', async () => ed25519.verify(signature, message, wallet))
        },
        {
          measurement: perSecond('program address found', async () =>
            findProgramAddress(SETTLEMENT_PROGRAM, [message.slice(0, 32)])
          ),
          baseline: perSecond('with noble checking the curve', async () => nobleProgramAddress(message.slice(0, 32)))
        },
        {
          measurement: {
            id: `claim proof among ${ENTRIES} entries`,
            unit: 'bytes',
            run: async () => tree.proof(ENTRIES - 1).reduce((sum, hash) => sum + hash.length, 0)
          },
          bar: { of: 'figure', atMost: PROOF_BYTES }
        },
        { measurement: { id: 'transactions through the RPC', unit: '1/s', run: () => throughput(chain, secret) } },
        { measurement: { id: 'time to confirm', unit: 'ms', run: () => timeToConfirm(chain, secret) } },
        ...computeUnits.map(({ name, measured, recorded }) => ({
          measurement: { id: `compute of ${name}`, unit: 'units', run: async () => measured },
          baseline: { id: 'as recorded', unit: 'units', run: async () => recorded },
          bar: { of: 'ratio', atMost: MOST_GROWTH } as const
        }))
      ]
    }
  }
}

type Rpc = (method: string, ...params: unknown[]) => Promise<unknown>

function rpcClient(url: string): Rpc {
  return async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const { result, error } = await (await fetch(url, { method: 'POST', body })).json()
    if (error) throw new Error(error.message)
    return result
  }
}

async function throughput(rpc: Rpc, secret: Uint8Array): Promise<number> {
  const signed = await Promise.all(Array.from({ length: TRANSACTIONS }, () => signedTransfer(rpc, secret)))
  const started = performance.now()
  const send = async (first: number): Promise<void> => {
    for (let at = first; at < signed.length; at += AT_ONCE) {
      await rpc('sendTransaction', signed[at], { encoding: 'base64' })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => send(first)))
  return (TRANSACTIONS * 1000) / (performance.now() - started)
}

/** From sending to knowing, as a client that polls. */
async function timeToConfirm(rpc: Rpc, secret: Uint8Array): Promise<number> {
  const transaction = await signedTransfer(rpc, secret)
  const started = performance.now()
  const signature = await rpc('sendTransaction', transaction, { encoding: 'base64' })
  for (;;) {
    const { value } = (await rpc('getSignatureStatuses', [signature])) as { value: (object | null)[] }
    if (value[0]) return performance.now() - started
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

/** A transfer of more than the rent of an empty account, to nobody: legacy format, three accounts. */
async function signedTransfer(rpc: Rpc, secret: Uint8Array): Promise<string> {
  const { value } = (await rpc('getLatestBlockhash')) as { value: { blockhash: string } }
  const data = new Uint8Array(12)
  const view = new DataView(data.buffer)
  view.setUint32(0, 2, true)
  view.setBigUint64(4, 1_000_000n, true)
  const message = Uint8Array.from([
    ...[1, 0, 1, 3],
    ...ed25519.getPublicKey(secret),
    ...systemRandom(32),
    ...new Uint8Array(32),
    ...decodeBase58(value.blockhash, 44),
    ...[1, 2, 2, 0, 1, data.length],
    ...data
  ])
  return encodeBase64(Uint8Array.from([1, ...ed25519.sign(message, secret), ...message]))
}

function nobleProgramAddress(seed: Uint8Array): Address {
  const program = addressBytes(SETTLEMENT_PROGRAM)
  const marker = new TextEncoder().encode('ProgramDerivedAddress')
  for (let bump = 255; ; bump--) {
    const candidate = sha256(Uint8Array.from([...seed, bump, ...program, ...marker]))
    try {
      ed25519.Point.fromBytes(candidate)
    } catch {
      return addressFromBytes(candidate)
    }
  }
}

function perSecond(id: string, run: () => Promise<unknown>): Measurement {
  return {
    id,
    unit: '1/s',
    run: async () => {
      const started = performance.now()
      let calls = 0
      for (; performance.now() - started < ROUND_MS; calls++) await run()
      return (calls * 1000) / (performance.now() - started)
    }
  }
}
