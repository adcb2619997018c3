/** Configuration: who administers, what it costs, how long things take, and the pause. */
#include "config.h"

#include "reader.h"

constexpr u16 FEE_LIMIT_BPS = 5000;
constexpr i64 HOUR_SECS = 3600;
constexpr i64 DAY_SECS = 24 * HOUR_SECS;
constexpr u64 AGGREGATOR_LIMIT = 8;
/** More signatures of 96 bytes do not fit beside the message in a transaction of 1232. */
constexpr u8 THRESHOLD_LIMIT = 5;
/** UpgradeableLoaderState::ProgramData: u32 tag 3, u64 slot, Option<Pubkey>. */
constexpr u32 PROGRAM_DATA_TAG = 3;
constexpr u64 PROGRAM_DATA_AUTHORITY_AT = 12;

static result check_range(i64 seconds, i64 least, i64 most) {
  return seconds >= least && seconds <= most ? 0 : INVALID_SETTING;
}

static result check_settings(const struct config *config) {
  if (config->fee_bps > FEE_LIMIT_BPS)
    return FEE_TOO_HIGH;
  TRY(check_range(config->epoch_secs, 0, 30 * DAY_SECS));
  TRY(check_range(config->force_close_delay_secs, HOUR_SECS, 30 * DAY_SECS));
  TRY(check_range(config->claim_window_secs, DAY_SECS, 365 * DAY_SECS));
  return check_range(config->withdrawal_delay_secs, 0, 30 * DAY_SECS);
}

static result check_distinct(const struct key *keys, u64 count) {
  for (u64 i = 1; i < count; i++)
    for (u64 j = 0; j < i; j++)
      if (same_key(&keys[i], &keys[j]))
        return INVALID_QUORUM;
  return 0;
}

static result read_quorum(struct reader *r, struct config *config) {
  const u8 threshold = read_u8(r);
  const u32 count = read_u32(r);
  if (r->failed)
    return INVALID_ARGUMENTS;
  if (count > AGGREGATOR_LIMIT || threshold == 0 || threshold > count || threshold > THRESHOLD_LIMIT)
    return INVALID_QUORUM;
  sol_memset_(config->aggregators, 0, sizeof config->aggregators);
  for (u64 i = 0; i < count; i++)
    read_key(r, &config->aggregators[i]);
  if (r->failed)
    return INVALID_ARGUMENTS;
  config->quorum_threshold = threshold;
  config->aggregator_count = (u8)count;
  return check_distinct(config->aggregators, count);
}

static void emit_config(const struct config *config) {
  const struct config_changed event = {CONFIG_CHANGED_TAG,
                                       config->admin,
                                       config->pending_admin,
                                       config->treasury,
                                       config->epoch_secs,
                                       config->force_close_delay_secs,
                                       config->claim_window_secs,
                                       config->withdrawal_delay_secs,
                                       config->fee_bps,
                                       config->paused,
                                       config->quorum_threshold};
  emit(&event, CONFIG_CHANGED_BYTES);
}

/** Whoever comes first must not become admin: the program's upgrade authority is known before any configuration is. */
static result check_upgrade_authority(const struct call *c, const struct account *program_data,
                                      const struct key *admin) {
  struct key expected;
  u8 bump;
  const struct slice seed = {c->program, sizeof(struct key)};
  TRY(find_address(&seed, 1, &UPGRADEABLE_LOADER, &expected, &bump));
  if (!same_key(program_data->key, &expected) || !same_key(program_data->owner, &UPGRADEABLE_LOADER))
    return INVALID_ADDRESS;
  const u8 *option = program_data->data + PROGRAM_DATA_AUTHORITY_AT;
  if (program_data->data_length < PROGRAM_DATA_AUTHORITY_AT + 33 || *(u32 *)program_data->data != PROGRAM_DATA_TAG)
    return INVALID_ACCOUNT;
  return option[0] == 1 && same_bytes(option + 1, admin, sizeof *admin) ? 0 : NOT_UPGRADE_AUTHORITY;
}

static result check_treasury(const struct call *c, const struct account *treasury, const struct account *config_account,
                             const struct config *config) {
  TRY(check_token(treasury, &config->mint, nullptr));
  /* Fees collected into the vault they come from would never arrive. */
  return check_vault(c, treasury, config_account, config->fee_vault_bump) == 0 ? INVALID_ADDRESS : 0;
}

static result initialize_config(const struct call *c) {
  const struct account *admin = &c->accounts[INITIALIZE_CONFIG_ADMIN];
  const struct account *account = &c->accounts[INITIALIZE_CONFIG_CONFIG];
  const struct account *mint = &c->accounts[INITIALIZE_CONFIG_MINT];
  TRY(check_upgrade_authority(c, &c->accounts[INITIALIZE_CONFIG_PROGRAM_DATA], admin->key));
  TRY(check_mint(mint));
  const struct slice seed = {"config", 6};
  const struct creation creation = {admin, account, &seed, 1, sizeof(struct config)};
  TRY(create_state(c, &creation, CONFIG_TAG));
  struct config *config = (struct config *)account->data;
  const struct vault_creation vault = {admin, &c->accounts[INITIALIZE_CONFIG_FEE_VAULT], account, mint};
  TRY(create_vault(c, &vault, &config->fee_vault_bump));
  struct reader r = read_arguments(c);
  config->epoch_secs = read_i64(&r);
  config->force_close_delay_secs = read_i64(&r);
  config->claim_window_secs = read_i64(&r);
  config->withdrawal_delay_secs = read_i64(&r);
  config->fee_bps = read_u16(&r);
  TRY(read_quorum(&r, config));
  TRY(end_arguments(&r));
  TRY(check_settings(config));
  config->admin = *admin->key;
  config->mint = *mint->key;
  const struct account *treasury = &c->accounts[INITIALIZE_CONFIG_TREASURY];
  TRY(check_treasury(c, treasury, account, config));
  config->treasury = *treasury->key;
  emit_config(config);
  return 0;
}

static result update_config(const struct call *c) {
  struct config *config;
  TRY(load_config_as_admin(c, UPDATE_CONFIG_ADMIN, UPDATE_CONFIG_CONFIG, &config));
  struct reader r = read_arguments(c);
  if (read_option(&r))
    config->epoch_secs = read_i64(&r);
  if (read_option(&r))
    config->force_close_delay_secs = read_i64(&r);
  if (read_option(&r))
    config->claim_window_secs = read_i64(&r);
  if (read_option(&r))
    config->withdrawal_delay_secs = read_i64(&r);
  if (read_option(&r))
    config->fee_bps = read_u16(&r);
  if (read_option(&r))
    TRY(read_quorum(&r, config));
  if (read_option(&r))
    read_key(&r, &config->pending_admin);
  TRY(end_arguments(&r));
  TRY(check_settings(config));
  emit_config(config);
  return 0;
}

static result accept_admin(const struct call *c) {
  struct config *config;
  TRY(load_config(c, ACCEPT_ADMIN_CONFIG, &config));
  if (is_zero_key(&config->pending_admin))
    return NO_PENDING_ADMIN;
  if (!same_key(c->accounts[ACCEPT_ADMIN_NEW_ADMIN].key, &config->pending_admin))
    return NOT_AUTHORIZED;
  config->admin = config->pending_admin;
  config->pending_admin = (struct key){};
  emit_config(config);
  return 0;
}

static result set_treasury(const struct call *c) {
  struct config *config;
  TRY(load_config_as_admin(c, SET_TREASURY_ADMIN, SET_TREASURY_CONFIG, &config));
  const struct account *treasury = &c->accounts[SET_TREASURY_TREASURY];
  TRY(check_treasury(c, treasury, &c->accounts[SET_TREASURY_CONFIG], config));
  config->treasury = *treasury->key;
  emit_config(config);
  return 0;
}

static result set_paused(const struct call *c, u64 admin, u64 index, bool paused) {
  struct config *config;
  TRY(load_config_as_admin(c, admin, index, &config));
  config->paused = paused;
  emit_config(config);
  return 0;
}

static result pause(const struct call *c) {
  return set_paused(c, PAUSE_ADMIN, PAUSE_CONFIG, true);
}

static result unpause(const struct call *c) {
  return set_paused(c, UNPAUSE_ADMIN, UNPAUSE_CONFIG, false);
}

static result collect_fees(const struct call *c) {
  const struct account *account = &c->accounts[COLLECT_FEES_CONFIG];
  const struct account *vault = &c->accounts[COLLECT_FEES_FEE_VAULT];
  const struct account *treasury = &c->accounts[COLLECT_FEES_TREASURY];
  struct config *config;
  TRY(load_config(c, COLLECT_FEES_CONFIG, &config));
  TRY(check_fee_vault(c, COLLECT_FEES_FEE_VAULT, COLLECT_FEES_CONFIG, config));
  if (!same_key(treasury->key, &config->treasury))
    return INVALID_ADDRESS;
  const u64 amount = token_amount(vault);
  if (amount == 0)
    return INVALID_AMOUNT;
  const struct slice seeds[] = {{"config", 6}, {&config->bump, 1}};
  const struct signer signer = {seeds, 2};
  TRY(transfer(vault, treasury, account, amount, &signer));
  const struct fees_collected event = {FEES_COLLECTED_TAG, config->treasury, amount};
  emit(&event, FEES_COLLECTED_BYTES);
  return 0;
}
