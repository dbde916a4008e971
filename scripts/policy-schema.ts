import { writeFileSync } from 'node:fs'
import { policyJsonSchema } from '../src/decide/policy/schema.ts'

/** Writes the JSON Schema of the policy file again, after `src/decide/policy/schema.ts` changed. */
writeFileSync(new URL('../schemas/policy.schema.json', import.meta.url), policyJsonSchema())
