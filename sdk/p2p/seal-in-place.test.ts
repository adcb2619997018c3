import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Logger, MessageStream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { describe, expect, it } from 'vitest'
import { noiseCrypto } from './noise-crypto.ts'
import { NOISE_PAYLOAD_BYTES, sealInPlace } from './seal-in-place.ts'

const log: Logger = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })

/** Two ends of a connection: one as it is here, the other as libp2p has it. */
async function ends(): Promise<{ ours: MessageStream; theirs: MessageStream; written: Uint8Array[][] }> {
  const [near, far] = multiaddrConnectionPair()
  const components = async (seed: number) => ({
    privateKey: await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(seed)),
    logger: { forComponent: () => log },
    upgrader: { getStreamMuxers: () => new Map() }
  })
  type Components = Parameters<ReturnType<typeof noise>>[0]
  const inPlace = sealInPlace(noise({ crypto: noiseCrypto() }))((await components(1)) as unknown as Components)
  const upstream = noise()((await components(2)) as unknown as Components)
  const [out, into] = await Promise.all([inPlace.secureOutbound(near), upstream.secureInbound(far)])
  const written: Uint8Array[][] = []
  const send = near.send.bind(near)
  near.send = bytes => {
    written.push(bytes instanceof Uint8Array ? [bytes] : [...bytes])
    return send(bytes)
  }
  return { ours: out.connection, theirs: into.connection, written }
}

function received(stream: MessageStream, bytes: number): Promise<Uint8Array> {
  const all = new Uint8Array(bytes)
  let filled = 0
  return new Promise(resolve =>
    stream.addEventListener('message', ({ data }) => {
      all.set(data.subarray(), filled)
      filled += data.byteLength
      if (filled === bytes) resolve(all)
    })
  )
}

describe('Noise that seals in place', () => {
  for (const length of [1, NOISE_PAYLOAD_BYTES - 1, NOISE_PAYLOAD_BYTES, NOISE_PAYLOAD_BYTES + 1, 200_000]) {
    it(`gives libp2p's own ${length} bytes, written as one array, and takes as many from it`, async () => {
      const { ours, theirs, written } = await ends()
      const message = Uint8Array.from({ length }, (_, index) => index * 7 + (index >> 8))
      const [there, back] = [received(theirs, length), received(ours, length)]
      ours.send(message)
      expect(await there).toEqual(message)
      expect(written.map(arrays => arrays.length)).toEqual([1])
      theirs.send(message)
      expect(await back).toEqual(message)
    })
  }
})
