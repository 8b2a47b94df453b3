// Sums over lines, a column for each lane.
//
// Each warp takes every so many-th line, and the sums of the warps are added up in their order: in every warp, so that all
// threads have the sum of their column. All threads of the block call it; `has` says whether a lane has a column.
static_assert(THREADS <= ROOM, "the sums of all warps fit into the room");
template <class Value> DEVICE REAL sum_of_column(int low, int high, bool has, const Value& value, REAL* room) {
  REAL sum = 0;
  if (has)
    for (int line = low + WARP; line < high; line += WARPS) sum += value(line);
  meet_block();  // the room may still be read
  room[THREAD] = sum;
  meet_block();
  sum = 0;
  UNROLL for (int warp = 0; warp < WARPS; ++warp) sum += room[warp * 32 + LANE];
  return sum;
}
