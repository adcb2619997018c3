import { CraftecError } from '../../../sdk/errors/index.ts'

/** The native binding's own shape; type-only, so nothing is loaded by naming it. */
export type Quiche = typeof import('@matrixai/quic/native/index.js')['quiche']
export type QuicheConfig = InstanceType<Quiche['Config']>
export type QuicheNativeConnection = ReturnType<Quiche['Connection']['accept']>

/**
 * Load the optional native QUIC library (Cloudflare quiche, prebuilt in npm for Linux and Windows x64, macOS x64 and arm64).
 * @throws CraftecError `unsupported` when it is not installed or its binary does not load on this machine
 */
export async function loadQuiche(): Promise<Quiche> {
  try {
    const { quiche } = await import('@matrixai/quic/native/index.js')
    return quiche
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CraftecError(
      'unsupported',
      `no WebTransport: the optional package @matrixai/quic is absent or has no binary for ${process.platform}-${process.arch} (${why})`,
      { cause }
    )
  }
}
