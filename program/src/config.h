/** The configuration, as every other group needs it. */
#pragma once
#include "token.h"

static result load_config(const struct call *c, u64 index, struct config **config) {
  *config = state_of(c, &c->accounts[index], CONFIG_TAG, sizeof **config);
  return *config == nullptr ? INVALID_ACCOUNT : 0;
}

/** For what takes money in. */
static result load_running_config(const struct call *c, u64 index, struct config **config) {
  TRY(load_config(c, index, config));
  return (*config)->paused ? PAUSED : 0;
}

static result load_config_as_admin(const struct call *c, u64 admin, u64 index, struct config **config) {
  TRY(load_config(c, index, config));
  return same_key(c->accounts[admin].key, &(*config)->admin) ? 0 : NOT_AUTHORIZED;
}

static result check_fee_vault(const struct call *c, u64 vault, u64 config_index, const struct config *config) {
  return check_vault(c, &c->accounts[vault], &c->accounts[config_index], config->fee_vault_bump);
}
