import type { Clock } from '../../../sdk/async/index.ts'
import { loadCertificateSet, saveCertificateSet } from './certificate-file.ts'
import { type CertificateSet, type MakeCertificate, rotateCertificates, rotationDueAt } from './certificate-set.ts'

/** After a failed rotation (a full disk, say); the certificate in use is good for an hour more. */
const RETRY_MS = 60_000

export interface CertificateRotationOptions {
  /** Where to keep the set; without it, every start has new certificates. */
  readonly path: string | undefined
  readonly clock: Clock
  readonly make: MakeCertificate
  /** A new set is in force. Not called for the first. */
  readonly onChange: (set: CertificateSet) => void
  readonly onError: (error: unknown) => void
}

/** Keeps a {@link CertificateSet} current for as long as it runs. */
export class CertificateRotation {
  private readonly options: CertificateRotationOptions
  private set: CertificateSet
  private cancel: () => void = () => {}
  private stopped = false

  private constructor(options: CertificateRotationOptions, set: CertificateSet) {
    this.options = options
    this.set = set
  }

  /** @throws CraftecError as `loadCertificateSet`; file system errors as they come */
  static async start(options: CertificateRotationOptions): Promise<CertificateRotation> {
    const { path, clock, make } = options
    const stored = path === undefined ? undefined : await loadCertificateSet(path)
    const set = await rotateCertificates(stored, clock.now(), make)
    if (path !== undefined && set !== stored) await saveCertificateSet(path, set)
    const rotation = new CertificateRotation(options, set)
    rotation.schedule(rotationDueAt(set) - clock.now())
    return rotation
  }

  get certificates(): CertificateSet {
    return this.set
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return
    this.cancel = this.options.clock.after(Math.max(0, delayMs), () => void this.rotate())
  }

  private async rotate(): Promise<void> {
    const { path, clock, make, onChange, onError } = this.options
    try {
      const set = await rotateCertificates(this.set, clock.now(), make)
      if (path !== undefined && set !== this.set) await saveCertificateSet(path, set)
      if (this.stopped) return
      const changed = set !== this.set
      this.set = set
      this.schedule(rotationDueAt(set) - clock.now())
      if (changed) onChange(set)
    } catch (error) {
      onError(error)
      this.schedule(RETRY_MS)
    }
  }
}
