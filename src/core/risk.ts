/** How much an action could break (low: reads; medium: a change that can be undone; high: one that cannot; critical: the border itself). */
export const RISK_LEVELS = ['low', 'medium', 'high', 'critical'] as const
export type RiskLevel = (typeof RISK_LEVELS)[number]

/** Whether `risk` is `bar` or worse. */
export function isAtLeast(risk: RiskLevel, bar: RiskLevel): boolean {
  return RISK_LEVELS.indexOf(risk) >= RISK_LEVELS.indexOf(bar)
}

/** How private a datum is; a session may only handle data up to its ceiling. */
export const SENSITIVITY_LEVELS = ['low', 'medium', 'high'] as const
export type Sensitivity = (typeof SENSITIVITY_LEVELS)[number]
