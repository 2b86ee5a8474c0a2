#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension AttentionProgram {
  mutating func flash(_ blockRows: Int, _ blockColumns: Int) throws(PlannerError) {
    let (n, d) = (io.tokens, io.width)
    for rows in parts(io.rows, blockRows) {
      try machine.load(block(q, rows, d))
      try begin(rows)
      for keys in parts(n, blockColumns) {
        try machine.load(block(k, keys, d))
        try machine.load(block(v, keys, d))
        try attend(rows, keys)
        try machine.free(block(k, keys, d))
        try machine.free(block(v, keys, d))
      }
      for row in rows { try divide(block(o, row..<row + 1, d), by: l + row) }
      try machine.store(block(o, rows, d))
      for range in [block(q, rows, d), block(o, rows, d), block(m, rows, 1), block(l, rows, 1)] {
        try machine.free(range)
      }
    }
  }

  mutating func keysOutermost(_ blockRows: Int, _ blockColumns: Int) throws(PlannerError) {
    let (n, d) = (io.tokens, io.width)
    for keys in parts(n, blockColumns) {
      try machine.load(block(k, keys, d))
      try machine.load(block(v, keys, d))
      for rows in parts(io.rows, blockRows) {
        try machine.load(block(q, rows, d))
        let state = [block(o, rows, d), block(m, rows, 1), block(l, rows, 1)]
        if keys.lowerBound == 0 {
          try begin(rows)
        } else {
          for range in state { try machine.load(range) }
        }
        try attend(rows, keys)
        if keys.upperBound == n {
          for row in rows { try divide(block(o, row..<row + 1, d), by: l + row) }
          try machine.store(state[0])
        } else {
          for range in state { try machine.store(range) }
        }
        for range in state { try machine.free(range) }
        try machine.free(block(q, rows, d))
      }
      try machine.free(block(k, keys, d))
      try machine.free(block(v, keys, d))
    }
  }

  /// Outputs of nothing yet.
  private mutating func begin(_ rows: Range<Int>) throws(PlannerError) {
    for (range, value) in [
      (block(o, rows, io.width), 0.0), (block(m, rows, 1), -Double.infinity), (block(l, rows, 1), 0),
    ] {
      try machine.allocate(range)
      for address in range { try machine.write(address, value) }
    }
  }

  /// A block of queries looks at a block of keys: the running softmax.
  private mutating func attend(_ rows: Range<Int>, _ keys: Range<Int>) throws(PlannerError) {
    let d = io.width
    // The tile lies where the first of its scores would.
    let tile = s..<s + rows.count * keys.count
    try machine.allocate(tile)
    for row in rows {
      let line = s + (row - rows.lowerBound) * keys.count
      var largest = try machine.read(m + row)
      for key in keys {
        let score = try dot(q + row * d, 1, k + key * d, 1, d)
        try machine.write(line + key - keys.lowerBound, score)
        largest = max(largest, score)
      }
      let shrink = exp(try machine.read(m + row) - largest)
      try machine.write(m + row, largest)
      try machine.write(l + row, try machine.read(l + row) * shrink)
      for address in block(o, row..<row + 1, d) { try machine.write(address, try machine.read(address) * shrink) }
      for key in keys {
        let score = line + key - keys.lowerBound
        let weight = exp(try machine.read(score) - largest)
        try machine.write(score, weight)
        try machine.write(l + row, try machine.read(l + row) + weight)
        try accumulate(o + row * d, score, v + key * d, d)
      }
    }
    try machine.free(tile)
  }

  mutating func products(
    _ scores: AttentionSchedule.ProductTile, _ values: AttentionSchedule.ProductTile
  ) throws(PlannerError) {
    let (n, d) = (io.tokens, io.width)
    // Scores: queries by keys, both by rows.
    for rows in parts(io.rows, scores.rows) {
      for columns in parts(n, scores.columns) {
        try tile(rows, columns, of: s, width: n)
        for depth in parts(d, scores.depth) {
          try load(q, rows, depth, width: d)
          try load(k, columns, depth, width: d)
          for row in rows {
            for column in columns {
              let more = try dot(q + row * d + depth.lowerBound, 1, k + column * d + depth.lowerBound, 1, depth.count)
              try machine.write(s + row * n + column, try machine.read(s + row * n + column) + more)
            }
          }
          try free(q, rows, depth, width: d)
          try free(k, columns, depth, width: d)
        }
        for row in rows { try machine.store(s + row * n + columns.lowerBound..<s + row * n + columns.upperBound) }
        try free(s, rows, columns, width: n)
      }
    }
    for row in 0..<io.rows {
      try machine.allocate(m + row..<m + row + 1)
      try machine.allocate(l + row..<l + row + 1)
      try softmax(row, storesSum: true)
      try machine.free(m + row..<m + row + 1)
      try machine.free(l + row..<l + row + 1)
    }
    // Outputs: weights by rows, values by columns.
    for rows in parts(io.rows, values.rows) {
      for columns in parts(d, values.columns) {
        try tile(rows, columns, of: o, width: d)
        for depth in parts(n, values.depth) {
          try load(s, rows, depth, width: n)
          try load(v, depth, columns, width: d)
          for row in rows {
            for column in columns {
              let more = try dot(s + row * n + depth.lowerBound, 1, v + depth.lowerBound * d + column, d, depth.count)
              try machine.write(o + row * d + column, try machine.read(o + row * d + column) + more)
            }
          }
          try free(s, rows, depth, width: n)
          try free(v, depth, columns, width: d)
        }
        try machine.load(block(l, rows, 1))
        for row in rows {
          let range = o + row * d + columns.lowerBound..<o + row * d + columns.upperBound
          try divide(range, by: l + row)
          try machine.store(range)
        }
        try machine.free(block(l, rows, 1))
        try free(o, rows, columns, width: d)
      }
    }
  }

  /// A tile of zeros.
  private mutating func tile(
    _ rows: Range<Int>, _ columns: Range<Int>, of base: Int, width: Int
  ) throws(PlannerError) {
    for row in rows {
      let range = base + row * width + columns.lowerBound..<base + row * width + columns.upperBound
      try machine.allocate(range)
      for address in range { try machine.write(address, 0) }
    }
  }

  private mutating func load(
    _ base: Int, _ rows: Range<Int>, _ columns: Range<Int>, width: Int
  ) throws(PlannerError) {
    for row in rows {
      try machine.load(base + row * width + columns.lowerBound..<base + row * width + columns.upperBound)
    }
  }

  private mutating func free(
    _ base: Int, _ rows: Range<Int>, _ columns: Range<Int>, width: Int
  ) throws(PlannerError) {
    for row in rows {
      try machine.free(base + row * width + columns.lowerBound..<base + row * width + columns.upperBound)
    }
  }
}
