/** Writes the C++ twin of the layouts, so that two languages can never disagree about a word. */

import {
  BLOCK,
  BLOCK_ROW_SHIFT,
  BLOCK_STATE,
  BOOKS,
  CACHE_COUNT,
  FIRST_ROW,
  LIST_COUNT,
  LIST_STEPS_SHIFT,
  NO_ROW,
} from './books-layout.ts';
import { RESULT, STATUS } from './bridge-status.ts';
import {
  ACTOR,
  CLIENT,
  CLIENT_STATE,
  CLOSED,
  HEADER,
  NO_WATCH,
  NONCE_BYTES,
  OWNER,
} from './control-layout.ts';
import {
  FLAG_AWAITED_SHIFT,
  FLAG_EVICTABLE_SHIFT,
  FLAG_NAMED_SHIFT,
  GENERATION_SHIFT,
  LOCATION_SHIFT,
  PINS_BITS,
  PINS_SHIFT,
  STATE_BITS,
} from './header-word.ts';
import { KIND } from './kinds.ts';
import { EVENT_CODE, EVENTS, STATE_CODE, STATES } from './lifecycle/codes.ts';
import { BUMP_BIT, deriveTable, ILLEGAL } from './lifecycle/table.ts';
import {
  CHECKSUM,
  HOT_WINDOW_BYTES,
  ID_BYTES,
  NAME,
  NAME_BYTES,
  SLOT,
  SLOT_BYTES,
  STACK_END,
  UNIT_BYTES,
} from './slot-layout.ts';
import { STOCK_OBJECT_BYTES_MAX } from './stock-plan.ts';

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
const camel = (name: string): string =>
  name.toLowerCase().replace(/(^|_)([a-z])/g, (_all, _lead, letter: string) => letter.toUpperCase());

function constants(type: string, values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `inline constexpr ${type} k${camel(name)} = ${value};`)
    .join('\n');
}

function namespaced(name: string, type: string, values: Readonly<Record<string, number>>): string {
  return `namespace ${name} {\n${constants(type, values)}\n}  // namespace ${name}`;
}

function enumeration(name: string, codes: Readonly<Record<string, number>>): string {
  const members = Object.entries(codes).map(([key, code]) => {
    const member = `k${key[0]?.toUpperCase()}${key.slice(1)}`;
    return `  ${member} = ${code},`;
  });
  return `enum class ${name} : uint8_t {\n${members.join('\n')}\n};`;
}

function transitionTable(): string {
  const table = deriveTable();
  const rows = STATES.map((state, row) => {
    const cells = EVENTS.map((_event, column) => hex(table[row * EVENTS.length + column] ?? ILLEGAL));
    return `    {${cells.join(', ')}},  // ${state}`;
  });
  return [
    `// Columns: ${EVENTS.join(', ')}.`,
    `inline constexpr uint8_t kTransitions[${STATES.length}][${EVENTS.length}] = {`,
    ...rows,
    '};',
  ].join('\n');
}

/** The text of `native-bridge/generated/layout.h`. */
export function renderNativeHeader(): string {
  return `// Generated from src/state by \`node scripts/generate-native-header.mjs\`. Do not edit.
// clang-format off
#pragma once
#include <cstdint>

namespace plasmoid {

${enumeration('State', STATE_CODE)}

${enumeration('Event', EVENT_CODE)}

inline constexpr uint8_t kIllegal = ${hex(ILLEGAL)};
inline constexpr uint8_t kBumpBit = ${hex(BUMP_BIT)};
${transitionTable()}

${namespaced('header_word', 'uint32_t', { STATE_BITS, LOCATION_SHIFT, FLAG_NAMED_SHIFT, FLAG_AWAITED_SHIFT, FLAG_EVICTABLE_SHIFT, PINS_SHIFT, PINS_BITS, GENERATION_SHIFT })}

${namespaced('slot', 'uint32_t', SLOT)}

${namespaced('name', 'uint32_t', NAME)}

${namespaced('checksum', 'uint32_t', CHECKSUM)}

${namespaced('store_header', 'uint32_t', HEADER)}

${namespaced('actor', 'uint32_t', ACTOR)}

${namespaced('owner', 'uint16_t', OWNER)}

${namespaced('books', 'uint32_t', BOOKS)}

${namespaced('block', 'uint32_t', BLOCK)}

${namespaced('block_state', 'uint32_t', BLOCK_STATE)}

${constants('uint32_t', { NO_ROW, FIRST_ROW, BLOCK_ROW_SHIFT, LIST_STEPS_SHIFT, LIST_COUNT, CACHE_COUNT })}

${namespaced('closed', 'uint32_t', CLOSED)}

${namespaced('client', 'uint32_t', { STATE: CLIENT.STATE, COLLECTIONS: CLIENT.COLLECTIONS })}

${namespaced('client_state', 'uint32_t', CLIENT_STATE)}

${namespaced('kind', 'uint32_t', KIND)}

${namespaced('status', 'int32_t', STATUS)}

${namespaced('result_word', 'uint32_t', RESULT)}

inline constexpr uint32_t kSlotBytes = ${SLOT_BYTES};
inline constexpr uint32_t kNameBytes = ${NAME_BYTES};
inline constexpr uint32_t kUnitBytes = ${UNIT_BYTES};
inline constexpr uint32_t kHotWindowBytes = ${HOT_WINDOW_BYTES};
inline constexpr uint32_t kIdBytes = ${ID_BYTES};
inline constexpr uint32_t kStockBlockUnits = ${STOCK_OBJECT_BYTES_MAX / UNIT_BYTES};
inline constexpr uint32_t kNoWatch = ${NO_WATCH};
inline constexpr uint32_t kNonceBytes = ${NONCE_BYTES};
inline constexpr uint32_t kStackEnd = ${hex(STACK_END)};

}  // namespace plasmoid
`;
}
