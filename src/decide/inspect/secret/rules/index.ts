import { CLOUD_ROWS } from './cloud.ts'
import { CODE_ROWS } from './code.ts'
import { LIKELY_ROWS } from './likely.ts'
import { MODEL_ROWS } from './model.ts'
import type { TokenRow } from './row.ts'
import { TRADE_ROWS } from './trade.ts'

export type { TokenRow } from './row.ts'

/** Every type of token that carries a sign of its own. A row that stands earlier wins over a later one as good. */
export const TOKEN_ROWS: readonly TokenRow[] = [
  ...MODEL_ROWS,
  ...CLOUD_ROWS,
  ...CODE_ROWS,
  ...TRADE_ROWS,
  ...LIKELY_ROWS,
]
