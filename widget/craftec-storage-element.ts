import { systemClock } from '../sdk/async/index.ts'
import { CraftecError } from '../sdk/errors/index.ts'
import type { Craftec, CraftecObj } from '../sdk/index.ts'
import { parseLink } from '../sdk/obj/index.ts'
import { AmountFormat } from './amount-format.ts'
import { previewKind } from './content-preview.ts'
import { type ContentServer, serveContent } from './content-server/index.ts'
import { errorText } from './error-text.ts'
import { fetchContent } from './fetch-content.ts'
import { keptContents } from './kept-contents.ts'
import { KeptRow } from './kept-row.ts'
import { openStorageNode, type StorageNode } from './open-storage-node.ts'
import { StoragePanel } from './storage-panel.ts'
import { fill, type StringOverrides, withOverrides } from './storage-strings.ts'
import { STORAGE_STYLE } from './storage-style.ts'
import { storeFile } from './store-file.ts'
import { TransferRow } from './transfer-row.ts'

/** What the element tells its page; all bubble. Links contain keys: keep them as you would keep the files. */
export interface CraftecStorageEventMap {
  /** The node runs; storing and retrieving work. */
  'craftec-ready': CustomEvent<undefined>
  /** A file is safely on this device; copying it to storage peers goes on. */
  'craftec-stored': CustomEvent<{
    readonly cid: string
    readonly link: string
    readonly name: string
    readonly size: number
  }>
  /** A content was fetched whole, and verified. */
  'craftec-retrieved': CustomEvent<{
    readonly link: string
    readonly name: string
    readonly type: string | undefined
    readonly blob: Blob
  }>
  /** Something failed; the user was told. */
  'craftec-error': CustomEvent<{ readonly error: CraftecError }>
}

declare global {
  interface HTMLElementTagNameMap {
    'craftec-storage': CraftecStorageElement
  }
}

const TAG = 'craftec-storage'
/** Lines in the list. */
const MAX_ROWS = 500
const MiB = 1024 * 1024

// Where there is no DOM (a server that renders pages) the module must still load.
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement)

/**
 * `<craftec-storage>`: drop a file, get a link; paste a link, get the file.
 *
 * Attributes: `bootstrap` (addresses of entry nodes, separated by spaces), `theme` (`light` | `dark`; default: as the system has it),
 * `public` (store without encryption), `max-mib` (largest file that is taken), `content-path` (where the page's service worker serves
 * content, see `serveContent`; films then play while they arrive), `lang` (how numbers are written).
 *
 * Properties: `craft` (a node that the page has already), `strings` (texts in place of the English ones).
 *
 * Events: {@link CraftecStorageEventMap}. Style: the custom properties `--craftec-accent`, `--craftec-surface`, `--craftec-ink` and their
 * like, see docs/widget.md.
 */
export class CraftecStorageElement extends Base {
  static readonly observedAttributes: readonly string[] = ['bootstrap', 'content-path', 'lang', 'public']

  readonly #rows = new Set<TransferRow>()
  /** What was stored before this page was loaded, below what happens now. */
  #kept: readonly KeptRow[] = []
  #craft: Pick<Craftec, 'obj'> | undefined
  #overrides: StringOverrides = {}
  #strings = withOverrides({})
  #format = new AmountFormat(undefined)
  #panel: StoragePanel | undefined
  #node: Promise<StorageNode> | undefined
  #server: ContentServer | undefined
  /** Files are stored one after another: two at once would only take each other's disk and cores. */
  #turn: Promise<unknown> = Promise.resolve()
  #listing: Promise<void> = Promise.resolve()

  /** A node that the page runs anyway; the element starts none then, and stops none. */
  get craft(): Pick<Craftec, 'obj'> | undefined {
    return this.#craft
  }

  set craft(value: Pick<Craftec, 'obj'> | undefined) {
    this.#craft = value
    this.#restart()
  }

  get strings(): StringOverrides {
    return this.#overrides
  }

  set strings(value: StringOverrides) {
    this.#overrides = value
    this.#strings = withOverrides(value)
    this.#render()
  }

  connectedCallback(): void {
    if (this.#panel) return
    this.#upgrade('strings')
    this.#upgrade('craft')
    this.#render()
    this.#restart()
  }

  /** A move within the page is a removal too, and must not end anything: what counts is where it is afterwards. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return
      for (const row of this.#rows) row.close()
      this.#rows.clear()
      this.#closeKept()
      this.#panel = undefined
      this.shadowRoot?.replaceChildren()
      this.#closeNode()
    })
  }

  attributeChangedCallback(name: string): void {
    if (name === 'bootstrap') this.#restart()
    else if (name === 'content-path') this.#closeServer()
    else this.#render()
  }

  /** Store files, as if they had been dropped. */
  storeFiles(files: Iterable<File>): void {
    const { panel } = this.#connected()
    panel.showProblem('')
    const chosen = [...files]
    if (chosen.length + this.#rows.size > MAX_ROWS) {
      panel.showProblem(fill(this.#strings.tooMany, { limit: this.#format.count(MAX_ROWS) }))
      return
    }
    const limit = this.hasAttribute('max-mib') ? Number(this.getAttribute('max-mib')) * MiB : Number.POSITIVE_INFINITY
    for (const file of chosen) {
      if (!(file.size > limit)) this.#store(file)
      else {
        const why = fill(this.#strings.tooLarge, { limit: this.#format.size(limit) })
        panel.showProblem(`${file.name}: ${why}`)
      }
    }
  }

  /** Retrieve what a link stands for, as if it had been pasted. */
  retrieve(link: string): void {
    const { panel } = this.#connected()
    try {
      const { name } = parseLink(link)
      panel.showLinkProblem('')
      panel.clearLink()
      void this.#fetch(link, name ?? this.#strings.unknownName, { whole: false })
    } catch {
      panel.showLinkProblem(this.#strings.badLink)
    }
  }

  #store(file: File): void {
    const row = this.#addRow(file.name, file.size, 'store')
    const encrypt = !this.hasAttribute('public')
    this.#turn = Promise.all([this.#turn, this.#listing])
      .then(() =>
        row.transfer.run(async work => {
          const obj = await this.#obj()
          await this.#listing
          return storeFile(obj, file, { encrypt }, work)
        })
      )
      .then(result => {
        if (!result) return this.#tellFailure(row)
        const { cid, link, size, distribution } = result
        row.showStored(link, encrypt, distribution, async signal => (await this.#obj()).holders(link, { signal }))
        this.#tell('craftec-stored', { cid, link, name: file.name, size })
      })
      .then(() => this.#showUsage())
  }

  async #fetch(link: string, name: string, { whole }: { readonly whole: boolean }): Promise<void> {
    const row = this.#addRow(name, undefined, 'fetch')
    await row.transfer.run(async work => {
      const obj = await this.#obj()
      await work.pass()
      const info = await obj.get(link, { signal: work.signal }).info()
      const shownName = info.name ?? name
      row.rename(shownName)
      const kind = previewKind(info.type, info.size)
      const server = kind ? this.#contentServer(obj) : undefined
      if (server && kind && !whole) {
        row.showStream(kind, server.add(link))
        row.offer(this.#strings.save, () => void this.#fetch(link, shownName, { whole: true }))
        return
      }
      const blob = await fetchContent(obj, link, info.size, work)
      row.showFetched(blob, info.type, kind)
      this.#tell('craftec-retrieved', { link, name: shownName, type: info.type, blob })
    })
    this.#tellFailure(row)
    await this.#showUsage()
  }

  #addRow(name: string, total: number | undefined, direction: 'store' | 'fetch'): TransferRow {
    const { panel } = this.#connected()
    const row: TransferRow = new TransferRow({
      name,
      total,
      direction,
      strings: this.#strings,
      format: this.#format,
      clock: systemClock,
      announce: text => this.#panel?.announce(text),
      onDismiss: () => {
        this.#rows.delete(row)
        this.#takeOff(row)
      }
    })
    this.#rows.add(row)
    panel.list.prepend(row.element)
    return row
  }

  /** Take a line off the list; the keyboard goes to the next one. */
  #takeOff(row: TransferRow | KeptRow): void {
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling
    row.close()
    const button = next?.querySelector('button')
    if (button) button.focus()
    else this.#panel?.focus()
  }

  /** List what earlier visits stored. */
  async #showKept(): Promise<void> {
    const node = this.#node
    const obj = await this.#obj()
    const contents = await keptContents(obj, MAX_ROWS)
    if (node !== this.#node || !this.#panel) return
    this.#closeKept()
    this.#kept = contents.map(content => {
      const row: KeptRow = new KeptRow(content, {
        strings: this.#strings,
        format: this.#format,
        clock: systemClock,
        obj,
        announce: text => this.#panel?.announce(text),
        onOpen: (link, name) => void this.#fetch(link, name, { whole: false }),
        onDeleted: () => {
          this.#kept = this.#kept.filter(other => other !== row)
          this.#takeOff(row)
          void this.#showUsage()
        }
      })
      return row
    })
    this.#panel.list.append(...this.#kept.map(({ element }) => element))
  }

  #closeKept(): void {
    for (const row of this.#kept) row.close()
    this.#kept = []
  }

  #tellFailure({ transfer: { state } }: TransferRow): void {
    if (state.status === 'failed') this.#tell('craftec-error', { error: state.error })
  }

  async #showUsage(): Promise<void> {
    const usage = await this.#obj()
      .then(obj => obj.usage())
      .catch(() => undefined)
    if (usage) this.#panel?.showUsage(usage)
  }

  #render(): void {
    if (!this.isConnected) return
    this.#format = new AmountFormat(this.lang || document.documentElement.lang || undefined)
    const root = this.shadowRoot ?? this.#attach()
    const panel = new StoragePanel({
      strings: this.#strings,
      format: this.#format,
      encrypt: !this.hasAttribute('public'),
      onFiles: files => this.storeFiles(files),
      onLink: link => this.retrieve(link)
    })
    panel.list.append(...[...this.#rows].reverse().map(({ element }) => element))
    panel.list.append(...this.#kept.map(({ element }) => element))
    this.#panel = panel
    root.replaceChildren(panel.element)
    if (this.#node) void this.#showUsage()
  }

  #attach(): ShadowRoot {
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STORAGE_STYLE)
    root.adoptedStyleSheets = [sheet]
    return root
  }

  /** Start a node, or take the page's; end the one before. */
  #restart(): void {
    if (!this.isConnected || !this.#panel) return
    const closed = this.#closeNode()
    const bootstrap = (this.getAttribute('bootstrap') ?? '').split(/\s+/).filter(Boolean)
    const given = this.#craft
    // a page sets either of them a moment after the element is there
    if (!given && bootstrap.length === 0) return
    const node = given
      ? Promise.resolve({ craft: given, close: async () => {} })
      : closed.then(() => openStorageNode(bootstrap))
    this.#node = node
    this.#panel.showProblem('')
    node.then(
      () => {
        if (this.#node !== node) return
        // before anything can be stored: what is stored from now on has a line of its own
        this.#listing = this.#showKept().catch(() => {})
        this.#tell('craftec-ready', undefined)
        void this.#showUsage()
      },
      error => this.#node === node && this.#showStartProblem(CraftecError.from(error))
    )
  }

  #showStartProblem(error: CraftecError): void {
    const { noNetwork, retry } = this.#strings
    const onClick = (): void => this.#restart()
    this.#panel?.showProblem(`${noNetwork} ${errorText(error, this.#strings)}`, { text: retry, onClick })
    this.#tell('craftec-error', { error })
  }

  async #closeNode(): Promise<void> {
    this.#closeServer()
    this.#closeKept()
    const node = this.#node
    this.#node = undefined
    await node?.then(({ close }) => close()).catch(() => {})
  }

  #closeServer(): void {
    this.#server?.close()
    this.#server = undefined
  }

  async #obj(): Promise<CraftecObj> {
    if (!this.#node)
      throw new CraftecError('stopped', 'give <craftec-storage> a bootstrap attribute, or set its craft property')
    return (await this.#node).craft.obj
  }

  /** Undefined where the page has no service worker that serves content. */
  #contentServer(obj: CraftecObj): ContentServer | undefined {
    const path = this.getAttribute('content-path')
    if (path === null || !navigator.serviceWorker?.controller) return undefined
    this.#server ??= serveContent(obj, { path })
    return this.#server
  }

  #connected(): { readonly panel: StoragePanel } {
    if (!this.#panel) throw new CraftecError('stopped', '<craftec-storage> is not in the page')
    return { panel: this.#panel }
  }

  #tell<Name extends keyof CraftecStorageEventMap>(name: Name, detail: CraftecStorageEventMap[Name]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }))
  }

  /** A property that was set before the element was defined hides the accessor. */
  #upgrade(name: 'craft' | 'strings'): void {
    const own = Object.getOwnPropertyDescriptor(this, name)
    if (!own) return
    Reflect.deleteProperty(this, name)
    Reflect.set(this, name, own.value)
  }
}

/** Make `<craftec-storage>` known to the page. Does nothing the second time, and where there is no DOM. */
export function defineCraftecStorage(): void {
  const { customElements } = globalThis
  if (customElements && !customElements.get(TAG)) customElements.define(TAG, CraftecStorageElement)
}
