/** What the codec needs from the machine: memory for pieces, linear combinations of them, and row reduction. */
export interface CodingEngine {
  readonly name: 'wasm-relaxed-simd' | 'wasm-simd' | 'js'
  /** Memory for one generation. Call `release` when done: memory is reused, and fresh memory costs a page fault a page. */
  workspace(shape: WorkspaceShape): Workspace
}

export interface WorkspaceShape {
  /** Pieces held at once. */
  readonly slots: number
  readonly pieceBytes: number
  /** Coefficients a piece has; also the most rows or inputs of one combination. */
  readonly k: number
}

export interface Workspace {
  /**
   * The bytes of one slot, `pieceBytes` long. Write pieces here and no copy is made of them later. Good until `release`;
   * after a `combine` or `addRow` take it afresh.
   */
  slot(index: number): Uint8Array
  /**
   * `outputs[r][i] = sum over j of coefficients[r * inputs.length + j] * slot(inputs[j])[i]` for i in [from, to).
   */
  combine(request: CombineRequest): void
  /**
   * Reduce one coefficient row (k bytes) against the rows kept so far, and keep it if it adds to their span.
   * @returns whether it did
   */
  addRow(coefficients: Uint8Array): boolean
  readonly rank: number
  /** At rank k: how source piece `index` is made of the kept rows, k scalars in order of arrival. A copy. */
  solution(index: number): Uint8Array
  release(): void
}

export interface CombineRequest {
  /** Arrays at least `to - from` long; byte `from` of the combination goes to index 0. */
  readonly outputs: readonly Uint8Array[]
  readonly inputs: readonly number[]
  readonly coefficients: Uint8Array
  readonly from: number
  readonly to: number
}
