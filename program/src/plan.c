/** Plans: what a period of a service at a tier costs. */
#include "config.h"

enum : u8 { SERVICE_TUNNEL = 0, SERVICE_DATA = 1, SERVICE_BUNDLE = 4 };
constexpr u8 LAST_SERVICE = SERVICE_BUNDLE;
constexpr u8 LAST_TIER = 4;
constexpr u8 LAST_TUNNEL_TIER = 3;
constexpr u8 FREE_TIER = 0;
enum : u8 { MONTHLY = 0, YEARLY = 1 };

static result load_plan(const struct call *c, u64 index, struct plan **plan) {
  *plan = state_of(c, &c->accounts[index], PLAN_TAG, sizeof **plan);
  return *plan == nullptr ? INVALID_ACCOUNT : 0;
}

/** Only free storage is free: a forgotten price must not sell anything for nothing. */
static result check_price(u8 service, u8 tier, u64 price) {
  const bool is_free = service == SERVICE_DATA && tier == FREE_TIER;
  return (price == 0) == is_free ? 0 : INVALID_PLAN;
}

static void emit_plan(const struct key *address, const struct plan *plan) {
  const struct plan_changed event = {PLAN_CHANGED_TAG, *address,   plan->price,          plan->service,
                                     plan->tier,       plan->billing_period, plan->active};
  emit(&event, PLAN_CHANGED_BYTES);
}

static result create_plan(const struct call *c) {
  const struct create_plan_arguments *arguments = (const struct create_plan_arguments *)c->data;
  const struct account *admin = &c->accounts[CREATE_PLAN_ADMIN];
  const struct account *account = &c->accounts[CREATE_PLAN_PLAN];
  struct config *config;
  TRY(load_config_as_admin(c, CREATE_PLAN_ADMIN, CREATE_PLAN_CONFIG, &config));
  const u8 last_tier = arguments->service == SERVICE_TUNNEL ? LAST_TUNNEL_TIER : LAST_TIER;
  if (arguments->service > LAST_SERVICE || arguments->tier > last_tier || arguments->billing_period > YEARLY)
    return INVALID_PLAN;
  TRY(check_price(arguments->service, arguments->tier, arguments->price));
  const struct slice seeds[] = {
      {"plan", 4}, {&arguments->service, 1}, {&arguments->tier, 1}, {&arguments->billing_period, 1}};
  const struct creation creation = {admin, account, seeds, 4, sizeof(struct plan)};
  TRY(create_state(c, &creation, PLAN_TAG));
  struct plan *plan = (struct plan *)account->data;
  plan->service = arguments->service;
  plan->tier = arguments->tier;
  plan->billing_period = arguments->billing_period;
  plan->active = true;
  plan->rent_payer = *admin->key;
  plan->price = arguments->price;
  plan->updated_at = now().unix_timestamp;
  emit_plan(account->key, plan);
  return 0;
}

static result update_plan(const struct call *c) {
  const struct update_plan_arguments *arguments = (const struct update_plan_arguments *)c->data;
  struct config *config;
  struct plan *plan;
  TRY(load_config_as_admin(c, UPDATE_PLAN_ADMIN, UPDATE_PLAN_CONFIG, &config));
  TRY(load_plan(c, UPDATE_PLAN_PLAN, &plan));
  if (arguments->active > 1)
    return INVALID_ARGUMENTS;
  TRY(check_price(plan->service, plan->tier, arguments->price));
  plan->price = arguments->price;
  plan->active = arguments->active;
  plan->updated_at = now().unix_timestamp;
  emit_plan(c->accounts[UPDATE_PLAN_PLAN].key, plan);
  return 0;
}

static result delete_plan(const struct call *c) {
  const struct account *account = &c->accounts[DELETE_PLAN_PLAN];
  const struct account *rent_payer = &c->accounts[DELETE_PLAN_RENT_PAYER];
  struct config *config;
  struct plan *plan;
  TRY(load_config_as_admin(c, DELETE_PLAN_ADMIN, DELETE_PLAN_CONFIG, &config));
  TRY(load_plan(c, DELETE_PLAN_PLAN, &plan));
  if (!same_key(rent_payer->key, &plan->rent_payer))
    return WRONG_RENT_PAYER;
  TRY(close_state(account, rent_payer));
  const struct plan_deleted event = {PLAN_DELETED_TAG, *account->key};
  emit(&event, PLAN_DELETED_BYTES);
  return 0;
}
