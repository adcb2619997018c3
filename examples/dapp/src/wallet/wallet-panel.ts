/** The wallet panel: who pays, what is for sale, and a session that spends without asking. */
import { CraftecError } from '@craftec/web'
import {
  type ConnectedWallet,
  connectWallet,
  createSettlement,
  findWallets,
  formatMoney,
  money,
  type PayOptions,
  type PlanOffer,
  parseAddress,
  parseMoney,
  type Settlement,
  type SignedVoucher,
  type SubscriptionAccount,
  type WalletOffer
} from '@craftec/web/settlement'
import { registerTestWallet } from '@craftec/web/testing'
import { byId } from '../element.ts'
import { drawAccount } from './account-view.ts'
import { drawWalletChoice } from './choose-wallet.ts'
import { advanceTime, type LocalChain } from './local-chain.ts'
import { DOUBTS, paymentAdvice } from './payment-advice.ts'
import { drawPlans, type PlanActions } from './plan-list.ts'
import { reviewPayment } from './review-dialog.ts'
import { type SessionState, SessionView } from './session-view.ts'
import { spend } from './spend.ts'

const CLUSTER = 'localnet'
const TEST_WALLET = 'Craftec test wallet'
/** A day, and the jumps of a local chain's clock in between. */
const SESSION_LIFETIME_SECS = 86_400
/** A hundred thousandth of one USDC. */
const VOUCHER_UNITS = 10n
const POOL_ID_BYTES = 32

export class WalletPanel {
  private readonly chain: LocalChain
  private readonly settlement: Settlement
  private readonly tell: (text: string, kind?: 'info' | 'bad') => void
  private readonly sessionView: SessionView
  private readonly status = byId('wallet-status', HTMLElement)
  private offers: readonly WalletOffer[] = []
  private wallet: ConnectedWallet | undefined
  private endChanges: () => void = () => {}
  private plans: readonly PlanOffer[] = []
  private subscriptions: ReadonlyMap<number, SubscriptionAccount> = new Map()
  private billingPeriod = 0
  private session: SessionState = { status: 'none' }
  private spending: AbortController | undefined
  /** Of this page's spending. */
  private voucher: SignedVoucher | undefined
  private busy = false

  private constructor(chain: LocalChain, settlement: Settlement, tell: (text: string, kind?: 'info' | 'bad') => void) {
    this.chain = chain
    this.settlement = settlement
    this.tell = tell
    byId('periods', HTMLFieldSetElement).addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) this.billingPeriod = Number(target.value)
      this.drawPlans()
    })
    this.sessionView = new SessionView(byId('wallet-session', HTMLElement), {
      onOpen: cap => void this.run('Opening a session', () => this.openSession(cap)),
      onTopUp: amount => void this.run('Adding to the session', () => this.topUp(amount)),
      onSpend: () => void this.run('Spending', () => this.spend()),
      onStop: () => this.spending?.abort(),
      onClose: () => void this.run('Closing the session', () => this.closeSession()),
      onSkip: () => void this.run('Moving the clock of the local chain', () => this.skipDelay())
    })
  }

  /** @param tell writes a line to the page's log */
  static async open(chain: LocalChain, tell: (text: string, kind?: 'info' | 'bad') => void): Promise<WalletPanel> {
    const settlement = await createSettlement({
      endpoints: [chain.rpc],
      program: parseAddress(chain.program),
      databaseName: 'craftec-demo'
    })
    const panel = new WalletPanel(chain, settlement, tell)
    await panel.start()
    return panel
  }

  private async start(): Promise<void> {
    const { offers } = await findWallets(CLUSTER, more => {
      this.offers = more
      if (this.wallet === undefined) this.drawWallet()
    })
    this.offers = offers
    this.drawWallet()
    this.sessionView.show(this.session, false)
    await this.run('Reading the plans', async () => {
      this.plans = await this.settlement.reader.plans()
      return undefined
    })
    // may take minutes when the chain is slow to tell: the panel does not wait
    void this.settlement.settleOpenPayments(({ summary }, report) => {
      const became =
        report.state === 'unknown'
          ? `may or may not have been paid: ${DOUBTS[report.doubt]}`
          : { landed: 'was paid', refused: 'was refused by the chain', expired: 'was not paid' }[report.state]
      const text = `From an earlier visit: "${summary}" ${became}.`
      const kind = report.state === 'landed' ? 'info' : 'bad'
      this.say(text, kind)
      this.tell(text, kind)
      void this.refresh()
    })
  }

  private async connect(offer: WalletOffer): Promise<string> {
    this.endChanges()
    const wallet = await connectWallet(offer, { cluster: CLUSTER })
    this.wallet = wallet
    this.endChanges = wallet.onChange(() => {
      this.leave()
      this.say(`${wallet.name} shows another account now. Connect it again to go on.`)
    })
    return `${wallet.name} is connected.`
  }

  private async connectTestWallet(): Promise<string> {
    const known = this.offers.find(({ name }) => name === TEST_WALLET)
    if (known) return this.connect(known)
    registerTestWallet({ name: TEST_WALLET, seed: Uint8Array.from(this.chain.testWalletSeed) })
    const { offers } = await findWallets(CLUSTER)
    const offer = offers.find(({ name }) => name === TEST_WALLET)
    if (offer === undefined) throw new CraftecError('wallet-unavailable', 'the test wallet did not register')
    return this.connect(offer)
  }

  private leave(): void {
    this.spending?.abort()
    this.endChanges()
    this.endChanges = () => {}
    this.wallet = undefined
    this.session = { status: 'none' }
    this.voucher = undefined
    void this.refresh()
  }

  /** What is about to be signed is shown first; what cannot be known afterwards is said. */
  private readonly asking: PayOptions = {
    onReview: reviewPayment,
    onDoubt: doubt => {
      // a payment takes a moment: that is no news
      if (doubt !== 'not-over') this.say(`Signed, but nobody can say yet whether it is paid: ${DOUBTS[doubt]}.`)
    }
  }

  private async subscribe(plan: PlanOffer): Promise<string> {
    const poolId = poolOf(plan.service)
    await this.settlement.subscribe(this.user(), { plan, poolId, price: plan.price }, this.asking)
    return `Subscribed to ${plan.name} for ${formatMoney(plan.price)}.`
  }

  private async renew(plan: PlanOffer): Promise<string> {
    const request = { plan, poolId: poolOf(plan.service), price: plan.price }
    await this.settlement.renew(this.user(), request, this.asking)
    return `The next period of ${plan.name} is paid.`
  }

  private async cancel(plan: PlanOffer): Promise<string> {
    await this.settlement.cancel(this.user(), poolOf(plan.service), this.asking)
    return `The next period of ${plan.name} is paid back.`
  }

  private async closeSubscription(plan: PlanOffer): Promise<string> {
    await this.settlement.closeSubscription(this.user(), poolOf(plan.service), this.asking)
    return `What was left of ${plan.name} is back.`
  }

  private async topUp(typed: string): Promise<string | undefined> {
    if (this.session.status !== 'open') return undefined
    const amount = parseMoney(typed, await this.settlement.reader.token())
    await this.settlement.sessions.topUp(this.user(), this.session.session, amount, this.asking)
    return `The session may spend ${formatMoney(amount)} more.`
  }

  private async openSession(typed: string): Promise<string> {
    const cap = parseMoney(typed, await this.settlement.reader.token())
    const session = await this.settlement.sessions.open(
      this.user(),
      { receiver: parseAddress(this.chain.payee), cap, lifetimeSecs: SESSION_LIFETIME_SECS },
      this.asking
    )
    this.voucher = undefined
    this.session = { status: 'open', session, spending: false }
    return `A session over ${formatMoney(cap)} is open. It asks no more.`
  }

  private async spend(): Promise<string | undefined> {
    if (this.session.status !== 'open') return undefined
    const { session } = this.session
    const ended = new AbortController()
    this.spending = ended
    this.drawSession({ status: 'open', session, spending: true })
    const before = session.spent.units
    try {
      const last = await spend(session, VOUCHER_UNITS, ended.signal, spending =>
        this.sessionView.progress(session, spending)
      )
      this.voucher = last ?? this.voucher
    } finally {
      this.spending = undefined
      if (this.wallet) this.session = { status: 'open', session, spending: false }
    }
    const spent = money(session.spent.units - before, session.spent.token)
    return `Spent ${formatMoney(spent)} in ${spent.units / VOUCHER_UNITS} vouchers, without a question.`
  }

  /** What was spent is recorded first, so that whoever earned it has it whether they watch the chain or not. */
  private async closeSession(): Promise<string> {
    const wallet = this.user()
    const [found] = await this.settlement.sessions.list(wallet)
    if (found === undefined) return 'There is no session any more.'
    const now = BigInt(Math.floor(Date.now() / 1000))
    if (found.channel.closesAt === 0n && now < found.channel.expiresAt && this.session.status === 'open') {
      const { session } = this.session
      // after a reload no voucher is at hand, but one more can be signed
      if (session.spent.units > found.channel.voucherAmount && session.left.units > 0n)
        this.voucher ??= await session.pay(1n, now)
      if (this.voucher) await this.settlement.sessions.record(wallet, this.voucher, this.asking)
    }
    const { done } = await this.settlement.sessions.close(wallet, found.address, this.asking)
    return done === 'closed' ? 'The session is closed; the rest is back.' : 'The end of the session is announced.'
  }

  private async skipDelay(): Promise<string> {
    const { forceCloseDelaySecs } = await this.settlement.reader.config()
    await advanceTime(this.chain, Number(forceCloseDelaySecs))
    if (this.session.status === 'ending') this.session = { ...this.session, due: true }
    return 'The clock of the local chain moved.'
  }

  /** One thing at a time; whatever it changed is read back from the chain. */
  private async run(doing: string, action: () => Promise<string | undefined>): Promise<void> {
    if (this.busy) return
    this.busy = true
    const focused = document.activeElement?.id
    const panel = byId('wallet', HTMLElement)
    panel.setAttribute('aria-busy', 'true')
    this.say(`${doing} …`)
    let outcome: readonly [text: string, kind: 'info' | 'bad'] = ['', 'info']
    try {
      const done = await action()
      outcome = [done ?? '', 'info']
      if (done) this.tell(done)
    } catch (cause) {
      const error = CraftecError.from(cause)
      const { title, text } = paymentAdvice(error)
      const kind = error.code === 'wallet-rejected' ? 'info' : 'bad'
      outcome = [`${title}. ${text}`, kind]
      this.tell(`${title} (${error.code})`, kind)
    }
    const refreshed = await this.refresh()
    if (refreshed) this.say(...outcome)
    this.busy = false
    panel.setAttribute('aria-busy', 'false')
    if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus()
  }

  /** Read what the chain says of the account, and draw it. */
  private async refresh(): Promise<boolean> {
    const { wallet, settlement } = this
    try {
      if (wallet === undefined) {
        this.drawWallet()
        this.subscriptions = new Map()
        this.drawPlans()
        this.drawSession({ status: 'none' })
        return true
      }
      const services = [...new Set(this.plans.map(({ service }) => service))]
      const [balance, channels, ...found] = await Promise.all([
        settlement.reader.balance(wallet.address),
        settlement.sessions.list(wallet),
        ...services.map(service => settlement.reader.subscription(wallet.address, poolOf(service)))
      ])
      const subscriptions = new Map<number, SubscriptionAccount>()
      for (const subscription of found) if (subscription) subscriptions.set(subscription.service, subscription)
      drawAccount(byId('wallet-account', HTMLElement), wallet, balance, () => this.leave())
      byId('wallet-chip', HTMLElement).textContent = balance ? formatMoney(balance) : 'No token account'
      this.subscriptions = subscriptions
      this.drawPlans()
      this.drawSession(await this.sessionOf(channels[0]))
      return true
    } catch (cause) {
      const { title, text } = paymentAdvice(CraftecError.from(cause))
      this.say(`${title}. ${text}`, 'bad')
      return false
    }
  }

  private async sessionOf(
    found: Awaited<ReturnType<Settlement['sessions']['list']>>[number] | undefined
  ): Promise<SessionState> {
    if (found === undefined) return { status: 'none' }
    const { address, channel } = found
    const known = this.session
    if (channel.closesAt !== 0n) return { status: 'ending', channel, due: known.status === 'ending' && known.due }
    if (known.status === 'open' && known.session.address === address) return known
    try {
      return { status: 'open', session: await this.settlement.sessions.resume(address), spending: false }
    } catch (error) {
      if (CraftecError.from(error).code !== 'vault-corrupt') throw error
      return { status: 'locked', deposited: money(channel.deposited, await this.settlement.reader.token()) }
    }
  }

  private drawWallet(): void {
    byId('wallet-chip', HTMLElement).textContent = 'Not connected'
    drawWalletChoice(byId('wallet-account', HTMLElement), {
      offers: this.offers.filter(({ name }) => name !== TEST_WALLET),
      onChoose: offer => void this.run(`Waiting for ${offer.name}`, () => this.connect(offer)),
      onTestWallet: () => void this.run('Connecting the test wallet', () => this.connectTestWallet())
    })
  }

  private drawPlans(): void {
    const actions: PlanActions = {
      onSubscribe: plan => void this.run('Preparing', () => this.subscribe(plan)),
      onRenew: plan => void this.run('Renewing', () => this.renew(plan)),
      onCancel: plan => void this.run('Taking the next period back', () => this.cancel(plan)),
      onClose: plan => void this.run('Closing the subscription', () => this.closeSubscription(plan))
    }
    drawPlans(byId('wallet-plans', HTMLElement), {
      plans: this.plans,
      billingPeriod: this.billingPeriod,
      subscriptions: this.subscriptions,
      actions: this.wallet && actions
    })
  }

  private drawSession(state: SessionState): void {
    this.session = state
    this.sessionView.show(state, this.wallet !== undefined)
  }

  private say(text: string, kind: 'info' | 'bad' = 'info'): void {
    this.status.textContent = text
    this.status.dataset.kind = kind
  }

  private user(): ConnectedWallet {
    if (this.wallet === undefined) throw new CraftecError('wallet-unavailable', 'no wallet is connected')
    return this.wallet
  }
}

/** One subscription a service: a second one is refused by the program. */
function poolOf(service: number): Uint8Array {
  return new Uint8Array(POOL_ID_BYTES).fill(service)
}
