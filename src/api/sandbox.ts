import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { RunInput } from './run.ts'
import { Nothing } from './words.ts'

const Row = z.object({ what: z.string(), how: z.string(), why: z.string() })

/** What a run would see, may change and cannot have. */
export const BoxShape = z.object({
  profile: z.string(),
  command: z.array(z.string()),
  cwd: z.string(),
  user: z.string(),
  visible: z.array(Row),
  writable: z.array(Row),
  masked: z.array(Row),
  environment: z.array(z.string()).describe('names only: values may be secret'),
  limits: z.array(Row),
  network: z.string(),
  notEnforced: z.array(z.string()),
  notes: z.array(z.string()),
  digest: z.string(),
})
export type BoxAnswer = z.infer<typeof BoxShape>

const Counted = z.int().min(0)

/** One self-test of the sandbox, without its single attempts. */
export const SelfTestShape = z.object({
  driver: z.string(),
  level: z.string().describe('none, landlock, container or full: as the driver was found at the time'),
  profile: z.string(),
  profileDigest: z.string(),
  bootId: z.string(),
  startedAt: z.iso.datetime(),
  durationMs: z.int(),
  isWhole: z.boolean().describe('every attempt was asked for'),
  isGreen: z.boolean().describe('nothing got out, and nothing that had to be shown is missing'),
  counts: z.object({
    tried: Counted,
    stopped: Counted,
    escaped: Counted,
    notStoppable: Counted,
    notRun: Counted,
    noControl: Counted,
    missing: Counted.describe('of the two before: those that should have shown something'),
  }),
  broken: z.array(z.string()).describe('guarantees that are no longer claimed'),
  entry: z.int().optional().describe('sequence number in the ledger'),
})

/** One way out of the sandbox, and what became of it. */
export const AttemptShape = z.object({
  name: z.string(),
  group: z.string(),
  tries: z.string(),
  stoppedBy: z.string(),
  guarantee: z.string(),
  result: z.enum(['stopped', 'escaped', 'not-stoppable', 'not-run', 'no-control']),
  why: z.string(),
  isMissing: z.boolean(),
})

export const GuaranteeShape = z.object({
  name: z.string(),
  inForce: z.boolean(),
  why: z.string(),
  fix: z.string().optional(),
})

/** The box: what it keeps here, and what would be seen in it. */
export const SANDBOX_ENDPOINTS = {
  profiles: endpoint({
    method: 'GET',
    path: '/v1/sandbox/profiles',
    about: 'sandbox profiles',
    input: Nothing,
    output: z.object({
      profiles: z.array(
        z.object({ name: z.string(), description: z.string(), from: z.enum(['shipped', 'yours']) }),
      ),
    }),
  }),
  sandboxExplain: endpoint({
    method: 'POST',
    path: '/v1/sandbox/explain',
    about: 'what a run would see',
    input: RunInput,
    output: BoxShape,
  }),
  sandboxProbe: endpoint({
    method: 'POST',
    path: '/v1/sandbox/probe',
    about: 'try every guarantee on this host, now',
    input: Nothing,
    output: z.object({ driver: z.string(), available: z.boolean(), guarantees: z.array(GuaranteeShape) }),
  }),
  sandboxTest: endpoint({
    method: 'POST',
    path: '/v1/sandbox/test',
    about: 'try every way out of the sandbox on this host, now, and record what held',
    input: z.strictObject({
      profile: z.string().min(1).max(64).default('agent'),
      driver: z.string().min(1).max(64).optional(),
      only: z.array(z.string().min(1).max(64)).max(256).default([]).describe('attempts or groups of them'),
    }),
    output: SelfTestShape.extend({ results: z.array(AttemptShape) }),
  }),
} as const satisfies Record<string, Endpoint>
