import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })

function scan(...args: string[]) {
  return home.warder(['scan', 'cloud', ...args])
}

test('a policy that is too wide is told of and fails; the one to begin from passes; what is no policy is an error', async () => {
  const path = join(home.home, 'policy.json')
  const write = (text: string) => writeFileSync(path, text)
  write('{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}')
  const wide = await scan(path)
  assert.equal(wide.code, 8, wide.stderr)
  assert.match(wide.stdout, /high Statement\[0\]\.Action s3:\*/)
  write((await scan('--template', 'aws-read-logs')).stdout)
  const narrow = await scan(path)
  assert.equal(narrow.code, 0, narrow.stdout)
  for (const text of ['{}', 'not JSON']) {
    write(text)
    assert.equal((await scan(path)).code, 2)
  }
})
