import { z } from 'zod'
import { RISK_LEVELS } from '../core/risk.ts'
import { endpoint } from './endpoint.ts'

const Severity = z.enum(RISK_LEVELS)
const Evidence = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** One line of the alert feed. A later line with the same id says how it went on. */
export const AlertShape = z
  .object({
    id: z.string(),
    time: z.iso.datetime().describe('when it was first seen'),
    last: z.iso.datetime().describe('when it was last seen'),
    severity: Severity,
    source: z.string().describe('which watcher: detect, boundary, host, integrity, canary, posture, health'),
    rule: z.string(),
    principal: z.string().describe('whose doing it is; empty when no agent is known'),
    run: z.string(),
    incident: z.string().describe('the incident it is part of; empty when it makes none'),
    message: z.string(),
    count: z.int().min(1).describe('how many findings it stands for'),
    key: z.string().describe('findings with the same key are one alert'),
    evidence: Evidence.describe('the facts; entries: numbers of entries of the ledger it rests on'),
  })
  .meta({ id: 'Alert' })
export type AlertAnswer = z.infer<typeof AlertShape>

const Source = z.object({
  name: z.string(),
  inForce: z.boolean(),
  why: z.string().optional().describe('why it is not in force, or what it cannot see'),
})

const RuleState = z.object({
  id: z.string(),
  title: z.string(),
  severity: Severity,
  class: z.string().optional().describe('the incident it makes; without it an alert and no more'),
  from: z.enum(['shipped', 'own']),
  off: z.boolean().describe('switched off in detect.yaml'),
  fires: z.string().describe('when, in words'),
  attack: z.array(z.string()),
  atlas: z.array(z.string()),
  owasp: z.array(z.string()),
})
export type RuleStateAnswer = z.infer<typeof RuleState>

export const WatchStatusShape = z
  .object({
    sources: z.array(Source).describe('each watcher, and whether it is in force now'),
    rules: z.int(),
    rulesOff: z.array(z.string()),
    rulesFile: z.string().describe('of your own rules'),
    rulesProblem: z.string().optional().describe('why that file is not what is in force'),
    seq: z.int().describe('the entry of the ledger that was looked at last'),
    behind: z.int().describe('entries not looked at yet'),
    cycles: z.int(),
    windows: z.int().describe('what is being counted now'),
    marks: z.int(),
    forgotten: z.int().describe('counts given up because there were too many'),
    secondStage: z.string().optional().describe('the model that reads what rules found; absent: none'),
    alerts: z.object({ open: z.int(), file: z.string(), problem: z.string().optional() }),
    senders: z.array(
      z.object({
        name: z.string(),
        to: z.string(),
        waiting: z.int().describe('not sent yet'),
        sent: z.int(),
        dropped: z.int().describe('given up because too many waited'),
        problem: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'WatchStatus' })
export type WatchStatusAnswer = z.infer<typeof WatchStatusShape>

/** None of these is open to agents: who is watched is not told what is looked for. */
export const ALERT_ENDPOINTS = {
  alertList: endpoint({
    method: 'GET',
    path: '/v1/alerts',
    about: 'what was noticed, newest last',
    input: z.strictObject({
      severity: Severity.optional().describe('this or worse'),
      recent: z.coerce.number().int().min(1).max(10_000).default(20).describe('the newest so many'),
    }),
    output: z.object({ alerts: z.array(AlertShape), damaged: z.int().describe('lines that cannot be read') }),
  }),
  alertFollow: endpoint({
    method: 'GET',
    path: '/v1/alerts/follow',
    about: 'alerts as they are raised, and as they get worse or end',
    input: z.strictObject({ severity: Severity.optional().describe('this or worse') }),
    output: AlertShape,
    stream: true,
  }),
  watchRules: endpoint({
    method: 'GET',
    path: '/v1/watch/rules',
    about: 'the detection rules in force',
    input: z.strictObject({}),
    output: z.object({ rules: z.array(RuleState) }),
  }),
  watchStatus: endpoint({
    method: 'GET',
    path: '/v1/watch',
    about: 'what is watched now, and what is not',
    input: z.strictObject({}),
    output: WatchStatusShape,
  }),
  watchReload: endpoint({
    method: 'POST',
    path: '/v1/watch/reload',
    about: 'read detect.yaml again, all or nothing',
    input: z.strictObject({}),
    output: z.object({ rules: z.int(), changed: z.boolean() }),
  }),
} as const
