/** Payment channels: tokens locked for one receiver, spent by vouchers that a key of limited reach signs. */
#include "config.h"
#include "ed25519.h"

struct voucher {
  char domain[16];
  struct key program;
  struct key channel;
  u64 opened_slot;
  u64 seq;
  u64 amount;
};
static_assert(sizeof(struct voucher) == 104);

static result load_channel(const struct call *c, u64 index, struct payment_channel **channel) {
  *channel = state_of(c, &c->accounts[index], PAYMENT_CHANNEL_TAG, sizeof **channel);
  return *channel == nullptr ? INVALID_ACCOUNT : 0;
}

static bool is_expired(const struct payment_channel *channel, i64 time) {
  return channel->expires_at != 0 && time >= channel->expires_at;
}

static result open_channel(const struct call *c) {
  const struct open_channel_arguments *arguments = (const struct open_channel_arguments *)c->data;
  const struct account *sender = &c->accounts[OPEN_CHANNEL_SENDER];
  const struct account *account = &c->accounts[OPEN_CHANNEL_CHANNEL];
  const struct account *vault = &c->accounts[OPEN_CHANNEL_VAULT];
  const struct account *receiver = &c->accounts[OPEN_CHANNEL_RECEIVER];
  const struct account *mint = &c->accounts[OPEN_CHANNEL_MINT];
  struct config *config;
  TRY(load_running_config(c, OPEN_CHANNEL_CONFIG, &config));
  const struct clock clock = now();
  if (arguments->amount == 0)
    return INVALID_AMOUNT;
  if (arguments->expires_at != 0 && arguments->expires_at <= clock.unix_timestamp)
    return INVALID_EXPIRY;
  if (!same_key(mint->key, &config->mint))
    return WRONG_MINT;
  const struct slice seeds[] = {{"channel", 7},
                                {sender->key, sizeof(struct key)},
                                {receiver->key, sizeof(struct key)},
                                {&arguments->nonce, sizeof arguments->nonce}};
  const struct creation creation = {sender, account, seeds, 4, sizeof(struct payment_channel)};
  TRY(create_state(c, &creation, PAYMENT_CHANNEL_TAG));
  struct payment_channel *channel = (struct payment_channel *)account->data;
  const struct vault_creation vault_creation = {sender, vault, account, mint};
  TRY(create_vault(c, &vault_creation, &channel->vault_bump));
  TRY(take(sender, &c->accounts[OPEN_CHANNEL_SENDER_TOKEN], vault, &config->mint, arguments->amount));
  channel->fee_bps = config->fee_bps;
  channel->sender = *sender->key;
  channel->receiver = *receiver->key;
  channel->voucher_signer = arguments->voucher_signer;
  channel->nonce = arguments->nonce;
  channel->opened_slot = clock.slot;
  channel->deposited = arguments->amount;
  channel->expires_at = arguments->expires_at;
  channel->force_close_delay_secs = config->force_close_delay_secs;
  const struct channel_opened event = {CHANNEL_OPENED_TAG,      *account->key,        channel->sender,
                                       channel->receiver,       channel->voucher_signer, channel->opened_slot,
                                       channel->deposited,      channel->expires_at};
  emit(&event, CHANNEL_OPENED_BYTES);
  return 0;
}

static result top_up(const struct call *c) {
  const struct top_up_arguments *arguments = (const struct top_up_arguments *)c->data;
  const struct account *sender = &c->accounts[TOP_UP_SENDER];
  const struct account *account = &c->accounts[TOP_UP_CHANNEL];
  const struct account *vault = &c->accounts[TOP_UP_VAULT];
  struct config *config;
  struct payment_channel *channel;
  TRY(load_running_config(c, TOP_UP_CONFIG, &config));
  TRY(load_channel(c, TOP_UP_CHANNEL, &channel));
  if (!same_key(sender->key, &channel->sender))
    return NOT_AUTHORIZED;
  TRY(check_vault(c, vault, account, channel->vault_bump));
  if (arguments->amount == 0)
    return INVALID_AMOUNT;
  if (channel->closes_at != 0)
    return CHANNEL_CLOSING;
  if (is_expired(channel, now().unix_timestamp))
    return CHANNEL_EXPIRED;
  TRY(add(channel->deposited, arguments->amount, &channel->deposited));
  TRY(take(sender, &c->accounts[TOP_UP_SENDER_TOKEN], vault, &config->mint, arguments->amount));
  const struct channel_topped_up event = {CHANNEL_TOPPED_UP_TAG, *account->key, arguments->amount, channel->deposited};
  emit(&event, CHANNEL_TOPPED_UP_BYTES);
  return 0;
}

/** Records a voucher that is newer than the recorded one, signed, and within what is locked. */
static result record_voucher(const struct call *c, const struct account *account, const struct account *sysvar,
                             u64 amount, u64 seq) {
  struct payment_channel *channel = (struct payment_channel *)account->data;
  if (is_expired(channel, now().unix_timestamp))
    return CHANNEL_EXPIRED;
  if (seq <= channel->voucher_seq)
    return STALE_VOUCHER;
  if (amount < channel->voucher_amount)
    return VOUCHER_BELOW_RECORDED;
  if (amount > channel->deposited)
    return VOUCHER_EXCEEDS_DEPOSIT;
  const u8 *data;
  u64 length;
  TRY(previous_ed25519(sysvar, &data, &length));
  struct voucher voucher = {.program = *c->program,
                            .channel = *account->key,
                            .opened_slot = channel->opened_slot,
                            .seq = seq,
                            .amount = amount};
  sol_memcpy_(voucher.domain, "craftec/voucher1", sizeof voucher.domain);
  const u8 *signer = data[0] == 1 ? signer_of(data, length, 0, &voucher, sizeof voucher) : nullptr;
  if (signer == nullptr || !same_bytes(signer, &channel->voucher_signer, sizeof channel->voucher_signer))
    return INVALID_VOUCHER_SIGNATURE;
  channel->voucher_seq = seq;
  channel->voucher_amount = amount;
  return 0;
}

static result update_voucher(const struct call *c) {
  const struct update_voucher_arguments *arguments = (const struct update_voucher_arguments *)c->data;
  const struct account *account = &c->accounts[UPDATE_VOUCHER_CHANNEL];
  struct payment_channel *channel;
  TRY(load_channel(c, UPDATE_VOUCHER_CHANNEL, &channel));
  TRY(record_voucher(c, account, &c->accounts[UPDATE_VOUCHER_INSTRUCTIONS], arguments->amount,
                     arguments->seq));
  const struct voucher_updated event = {VOUCHER_UPDATED_TAG, *account->key, arguments->amount, arguments->seq};
  emit(&event, VOUCHER_UPDATED_BYTES);
  return 0;
}

/** The accounts of a settlement, wherever the instruction lists them. */
struct settlement {
  const struct account *channel;
  const struct account *vault;
  const struct account *receiver_token;
  const struct account *sender_token;
  const struct account *fee_vault;
  const struct account *sender;
};

/** Pays the recorded voucher and the fee, refunds the rest, and closes the channel. */
static result settle(const struct settlement *s, const struct config *config, bool forced) {
  struct payment_channel *channel = (struct payment_channel *)s->channel->data;
  if (now().slot <= channel->opened_slot)
    return OPENED_THIS_SLOT;
  TRY(check_token(s->receiver_token, &config->mint, &channel->receiver));
  TRY(check_token(s->sender_token, &config->mint, &channel->sender));
  struct channel_closed event = {CHANNEL_CLOSED_TAG, *s->channel->key, 0, 0, 0, forced};
  TRY(fee_of(channel->voucher_amount, channel->fee_bps, &event.protocol_fee));
  TRY(subtract(channel->voucher_amount, event.protocol_fee, &event.receiver_payout));
  TRY(subtract(token_amount(s->vault), channel->voucher_amount, &event.sender_refund));
  const struct slice seeds[] = {{"channel", 7},
                                {&channel->sender, sizeof(struct key)},
                                {&channel->receiver, sizeof(struct key)},
                                {&channel->nonce, sizeof channel->nonce},
                                {&channel->bump, 1}};
  const struct signer signer = {seeds, 5};
  TRY(transfer(s->vault, s->receiver_token, s->channel, event.receiver_payout, &signer));
  TRY(transfer(s->vault, s->fee_vault, s->channel, event.protocol_fee, &signer));
  TRY(transfer(s->vault, s->sender_token, s->channel, event.sender_refund, &signer));
  TRY(close_vault(s->vault, s->sender, s->channel, &signer));
  TRY(close_state(s->channel, s->sender));
  emit(&event, CHANNEL_CLOSED_BYTES);
  return 0;
}

static result close_channel(const struct call *c) {
  const struct close_channel_arguments *arguments = (const struct close_channel_arguments *)c->data;
  const struct settlement s = {&c->accounts[CLOSE_CHANNEL_CHANNEL],        &c->accounts[CLOSE_CHANNEL_VAULT],
                               &c->accounts[CLOSE_CHANNEL_RECEIVER_TOKEN], &c->accounts[CLOSE_CHANNEL_SENDER_TOKEN],
                               &c->accounts[CLOSE_CHANNEL_FEE_VAULT],      &c->accounts[CLOSE_CHANNEL_SENDER]};
  struct config *config;
  struct payment_channel *channel;
  TRY(load_config(c, CLOSE_CHANNEL_CONFIG, &config));
  TRY(load_channel(c, CLOSE_CHANNEL_CHANNEL, &channel));
  if (!same_key(c->accounts[CLOSE_CHANNEL_RECEIVER].key, &channel->receiver))
    return NOT_AUTHORIZED;
  if (!same_key(s.sender->key, &channel->sender))
    return WRONG_RENT_PAYER;
  TRY(check_vault(c, s.vault, s.channel, channel->vault_bump));
  TRY(check_fee_vault(c, CLOSE_CHANNEL_FEE_VAULT, CLOSE_CHANNEL_CONFIG, config));
  const bool is_recorded =
      arguments->seq == channel->voucher_seq && arguments->amount == channel->voucher_amount;
  if (!is_recorded)
    TRY(record_voucher(c, s.channel, &c->accounts[CLOSE_CHANNEL_INSTRUCTIONS], arguments->amount,
                       arguments->seq));
  return settle(&s, config, false);
}

static result request_force_close(const struct call *c) {
  const struct account *account = &c->accounts[REQUEST_FORCE_CLOSE_CHANNEL];
  struct payment_channel *channel;
  TRY(load_channel(c, REQUEST_FORCE_CLOSE_CHANNEL, &channel));
  if (!same_key(c->accounts[REQUEST_FORCE_CLOSE_SENDER].key, &channel->sender))
    return NOT_AUTHORIZED;
  if (channel->closes_at != 0)
    return CHANNEL_CLOSING;
  channel->closes_at = now().unix_timestamp + channel->force_close_delay_secs;
  const struct force_close_requested event = {FORCE_CLOSE_REQUESTED_TAG, *account->key, channel->closes_at};
  emit(&event, FORCE_CLOSE_REQUESTED_BYTES);
  return 0;
}

static result force_close(const struct call *c) {
  const struct settlement s = {&c->accounts[FORCE_CLOSE_CHANNEL],        &c->accounts[FORCE_CLOSE_VAULT],
                               &c->accounts[FORCE_CLOSE_RECEIVER_TOKEN], &c->accounts[FORCE_CLOSE_SENDER_TOKEN],
                               &c->accounts[FORCE_CLOSE_FEE_VAULT],      &c->accounts[FORCE_CLOSE_SENDER]};
  struct config *config;
  struct payment_channel *channel;
  TRY(load_config(c, FORCE_CLOSE_CONFIG, &config));
  TRY(load_channel(c, FORCE_CLOSE_CHANNEL, &channel));
  if (!same_key(s.sender->key, &channel->sender))
    return NOT_AUTHORIZED;
  TRY(check_vault(c, s.vault, s.channel, channel->vault_bump));
  TRY(check_fee_vault(c, FORCE_CLOSE_FEE_VAULT, FORCE_CLOSE_CONFIG, config));
  const i64 time = now().unix_timestamp;
  if (!is_expired(channel, time)) {
    if (channel->closes_at == 0)
      return FORCE_CLOSE_NOT_REQUESTED;
    if (time < channel->closes_at)
      return FORCE_CLOSE_TOO_EARLY;
  }
  return settle(&s, config, true);
}
