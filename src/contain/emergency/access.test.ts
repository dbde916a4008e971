import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { bootFiles, isRecoveryBoot, MARK, serialFiles, sshFiles } from './access.ts'

const SSH = { subnets: ['10.0.0.0/24'], users: ['ops'], recorder: '/usr/bin/warder' }

test('who comes from the management network has keys alone and is recorded; from elsewhere nobody of them comes in', () => {
  const [conf, rules] = sshFiles({ ...SSH, subnets: ['10.0.0.0/24', 'fd00:1::/64'], users: ['ops', 'root'] })
  const blocks = conf!.text.split(/^Match /m)
  assert.match(blocks[1]!, /^User ops,root Address 10\.0\.0\.0\/24,fd00:1::\/64\n/)
  assert.match(blocks[1]!, /ForceCommand \/usr\/bin\/warder emergency session/)
  assert.match(blocks[2]!, /^User ops,root Address \*,!10\.0\.0\.0\/24,!fd00:1::\/64\n/)
  assert.match(blocks[2]!, /PubkeyAuthentication no[^]*DenyUsers \*/)
  for (const block of blocks.slice(1, 3)) {
    assert.match(block, /PasswordAuthentication no/)
    assert.match(block, /KbdInteractiveAuthentication no/)
  }
  assert.equal(blocks[3], 'all\n', 'what comes after this file is not behind a Match of ours')
  assert.match(rules!.text, /execve,execveat -F auid!=unset/)
})

test('a network that is everybody, a name that is none, and a program nobody could start are refused', () => {
  for (const wrong of [
    { subnets: [] },
    { subnets: ['0.0.0.0/0'] },
    { subnets: ['::/0'] },
    { subnets: ['10.0.0.0'] },
    { subnets: ['10.0.0.300/24'] },
    { subnets: ['10.0.0.0/24\nMatch all'] },
    { users: [] },
    { users: ['ops\nPermitRootLogin yes'] },
    { users: ['*'] },
    { recorder: 'warder' },
    { recorder: '/usr/bin/war der' },
    { recorder: '/bin/sh -c "x"' },
  ])
    assert.throws(() => sshFiles({ ...SSH, ...wrong }), { code: 'EMERGENCY_CONFIG' }, JSON.stringify(wrong))
  for (const [line, speed] of [
    ['tty0', 115_200],
    ['ttyS0;x', 115_200],
    ['ttyS0', 1],
  ] as const)
    assert.throws(() => serialFiles(line, speed), { code: 'EMERGENCY_CONFIG' })
})

test('what a shell will read is a shell’s, and every file says who made it', () => {
  for (const { text, lint, path } of [...sshFiles(SSH), ...serialFiles('ttyS0', 115_200), ...bootFiles()]) {
    assert.ok(text.split('\n').slice(0, 2).includes(MARK), path)
    assert.ok(text.endsWith('\n'))
    if (lint === 'sh') assert.equal(spawnSync('/bin/sh', ['-n'], { input: text }).status, 0, path)
  }
  assert.notEqual(spawnSync('/bin/sh', ['-n'], { input: 'if then' }).status, 0, 'the check can fail')
})

test('only the flag itself says that the machine was booted for recovery, and the last word counts', () => {
  for (const line of ['quiet warder.recovery=1', 'warder.recovery=0 warder.recovery=1\n'])
    assert.ok(isRecoveryBoot(line), line)
  for (const line of [
    '',
    'quiet',
    'xwarder.recovery=1',
    'warder.recovery=10',
    'warder.recovery=1 warder.recovery=0',
  ])
    assert.ok(!isRecoveryBoot(line), line)
})
