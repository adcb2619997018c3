/**
 * A file of equal slots, as a store sees it. Engines: a sync access handle of the Origin Private File System in a worker, a file
 * descriptor in Node. Nothing is ordered or durable before `flush`: what was written since may be lost, or half there.
 */
export interface SlabFile {
  sizeBytes(): Promise<number>
  /** @returns bytes read: fewer than `into` has only where the file ends */
  read(into: Uint8Array, at: number): Promise<number>
  /** Grows the file as needed. @throws CraftecError `storage-full`; then part of it may have been written */
  write(bytes: Uint8Array, at: number): Promise<void>
  flush(): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  close(): Promise<void>
}

export interface SlabFolder {
  names(): Promise<string[]>
  /** Created when it is not there. */
  open(name: string): Promise<SlabFile>
  remove(name: string): Promise<void>
}
