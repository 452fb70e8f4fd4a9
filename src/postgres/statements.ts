/** What a suspension is returned as, whichever table has it. */
const WAITING = `run_id, generation, CASE WHEN is_resuming THEN 'resuming' ELSE 'suspended' END AS state, created_at, expires_at, tenant,
  deployment, stored_due_at, due_at, info, envelope_bytes`;
const OUTCOME = `run_id, generation, state, created_at, expires_at, tenant, deployment, stored_due_at, NULL::bigint AS due_at, info,
  envelope_bytes`;
const WAITING_CONTENT = `envelope, owner, lease_until, fence, NULL::bytea AS content, NULL::bigint AS settled_at, NULL::bigint AS keep_until`;
const OUTCOME_CONTENT = `NULL::bytea AS envelope, NULL::text AS owner, NULL::bigint AS lease_until, NULL::integer AS fence, content, settled_at,
  keep_until`;
const IN_ORDER = `run_id, generation::text COLLATE "C"`;
const ID = `run_id || '.' || generation`;

/** The statements of a store. */
export type Statements = Readonly<ReturnType<typeof statementsOf>>;

/** @param schema quoted */
export function statementsOf(schema: string) {
  const read = (which: string) => `
    SELECT ${WAITING}, ${WAITING_CONTENT} FROM ${schema}.waiting WHERE run_id = $1${which}
    UNION ALL
    (SELECT ${OUTCOME}, ${OUTCOME_CONTENT} FROM ${schema}.outcomes WHERE run_id = $1${which}`;
  const dueNow = (which: string) => `
    SELECT ${ID} AS id, tenant, deployment, wake_at FROM ${schema}.waiting
    WHERE ${which} AND wake_at <= $1 AND expires_at > $1 AND (NOT is_resuming OR lease_until <= $1)
    ORDER BY wake_at LIMIT $2`;
  const page = (columns: string, storedBytes: string, table: string) => `(
    SELECT ${columns}, ${storedBytes} AS stored_bytes FROM ${schema}.${table}
    WHERE (${IN_ORDER}) > ($1, $2) ORDER BY ${IN_ORDER} LIMIT $3)`;
  return {
    key: `SELECT key FROM ${schema}.meta`,
    meta: `SELECT version, secret_ids FROM ${schema}.meta`,
    setSecretIds: `UPDATE ${schema}.meta SET secret_ids = $1 WHERE secret_ids = $2 RETURNING version`,
    put: `SELECT ${schema}.put_suspension($1, $2, $3, $4, $5, $6, $7, $8) AS is_there`,
    read: `${read(' AND generation = $2')})`,
    // The last one, of those that are there.
    current: `SELECT * FROM (${read('')} ORDER BY generation DESC LIMIT 1)) found ORDER BY generation DESC LIMIT 1`,
    claim: `SELECT * FROM ${schema}.claim_suspension($1, $2, $3, $4, $5)`,
    renew: `UPDATE ${schema}.waiting SET lease_until = $4
      WHERE run_id = $1 AND generation = $2 AND is_resuming AND fence = $3 RETURNING generation`,
    release: `UPDATE ${schema}.waiting SET is_resuming = false, owner = NULL, lease_until = 0
      WHERE run_id = $1 AND generation = $2 AND is_resuming AND fence = $3 RETURNING generation`,
    releaseUntil: `UPDATE ${schema}.waiting SET is_resuming = false, owner = NULL, lease_until = 0, due_at = $4::bigint, seen_seq = claimed_seq,
      wake_at = CASE WHEN last_seq > claimed_seq THEN 0 ELSE $4::bigint END
      WHERE run_id = $1 AND generation = $2 AND is_resuming AND fence = $3 RETURNING generation`,
    settle: `SELECT * FROM ${schema}.settle_suspension($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    post: `SELECT ${schema}.post_message($1, $2, $3) AS answer`,
    messages: `SELECT message_id, content FROM ${schema}.messages WHERE run_id = $1
      AND message_id NOT IN (SELECT jsonb_array_elements_text($2::jsonb)) ORDER BY seq`,
    due: dueNow('deployment = $3'),
    // One look into the index for each deployment that has something.
    dueOfAll: `
      WITH RECURSIVE deployments AS (
        (SELECT deployment FROM ${schema}.waiting WHERE wake_at IS NOT NULL ORDER BY deployment LIMIT 1)
        UNION ALL
        SELECT (SELECT w.deployment FROM ${schema}.waiting w WHERE w.wake_at IS NOT NULL AND w.deployment > d.deployment
          ORDER BY w.deployment LIMIT 1) FROM deployments d WHERE d.deployment IS NOT NULL
      )
      SELECT due.* FROM deployments d CROSS JOIN LATERAL (${dueNow('deployment = d.deployment')}) due ORDER BY due.wake_at LIMIT $2`,
    list: `
      SELECT run_id, generation, state, created_at, expires_at, tenant, deployment, stored_due_at, envelope_bytes, stored_bytes,
        CASE WHEN is_shown THEN info END AS info, is_shown
      FROM (
        SELECT *, ($4::text IS NULL OR state = ANY (string_to_array($4, ','))) AND ($5::text IS NULL OR tenant = $5)
          AND ($6::text IS NULL OR deployment = $6) AS is_shown
        FROM (
          ${page(WAITING, 'NULL::integer', 'waiting')} UNION ALL ${page(OUTCOME, 'octet_length(content)', 'outcomes')}
        ) both_tables
      ) page ORDER BY ${IN_ORDER} LIMIT $3`,
    expire: `SELECT ${schema}.expire_suspensions($1, $2) AS id`,
    forgetKept: `SELECT ${schema}.forget_outcomes($1, $2) AS id`,
    forget: `SELECT ${schema}.forget_settled($1)`,
    erase: `SELECT ${schema}.erase_runs($1)`,
    putImage: `INSERT INTO ${schema}.images (id, content, put_at) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO UPDATE SET content = excluded.content, put_at = excluded.put_at`,
    getImage: `SELECT content FROM ${schema}.images WHERE id = $1`,
    listImages: `SELECT id, octet_length(content) AS bytes, put_at FROM ${schema}.images ORDER BY id`,
    deleteImage: `DELETE FROM ${schema}.images WHERE id = $1 AND put_at = $2 RETURNING id`,
    time: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms`,
  } as const;
}

/** What must be known before a store is used. `$1` is the name of a table. */
export const SERVER = `SELECT current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS is_replica,
  current_setting('transaction_read_only') = 'on' AS is_read_only, current_setting('transaction_isolation') AS isolation,
  to_regclass($1) IS NOT NULL AS has_tables`;
