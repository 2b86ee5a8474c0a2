import Costs
import NumericTypes

/// Which keys each query of a sequence sees: neighbours from a first one to an end, neither of which goes back from one query to
/// the next. Seen from a key the queries are neighbours, too.
struct AttentionVisibility {
  let extents: AttentionExtents
  /// For each query the first key and the one behind the last, [S, N] i32 each; S is 1 where all sequences are alike.
  let firstKey: Tensor
  let endKey: Tensor
  /// For each key the first query and the one behind the last, [S, M]; none where the end is not above the first.
  let firstQuery: Tensor
  let endQuery: Tensor

  init(_ extents: AttentionExtents, _ starts: Tensor?, _ context: Context) {
    self.extents = extents
    let (n, m) = (extents.queries, extents.keys)
    let sequences = starts == nil ? 1 : extents.batch
    (firstKey, endKey) = (context.empty([sequences, n], .i32), context.empty([sequences, n], .i32))
    (firstQuery, endQuery) = (context.empty([sequences, m], .i32), context.empty([sequences, m], .i32))
    let documents = starts.map { context.contiguous(context.cast($0.detached(), to: .i64)) }
    let (first, end) = (firstKey.pointer(as: Int32.self), endKey.pointer(as: Int32.self))
    let (from, to) = (firstQuery.pointer(as: Int32.self), endQuery.pointer(as: Int32.self))
    let cost = OperatorCost(bytesRead: 8 * Double(sequences * n), bytesWritten: 8 * Double(sequences * (n + m)))
    withExtendedLifetime(documents) {
      let start = documents?.pointer(as: Int64.self)
      context.perform(.attention, cost: cost) {
        for sequence in 0..<sequences {
          extents.fill(first + sequence * n, end + sequence * n, start.map { $0 + sequence * n })
          // A key's queries: those whose end is behind it and whose first key is not.
          var (ahead, done) = (0, 0)
          for key in 0..<m {
            while ahead < n, end[sequence * n + ahead] <= key { ahead += 1 }
            while done < n, first[sequence * n + done] <= key { done += 1 }
            from[sequence * m + key] = Int32(ahead)
            to[sequence * m + key] = Int32(done)
          }
        }
      }
    }
  }

  /// 1 where a query sees a key and 0 elsewhere, [S, 1, 1, N, M].
  func mask(_ dtype: DType, _ context: Context) -> Tensor {
    let columns = context.arange(extents.keys, .i32)
    let shape: Shape = [firstKey.shape[0], 1, 1, extents.queries, 1]
    let isBehind = context.compare(columns, .greaterOrEqual, firstKey.reshaped(shape))
    let isBefore = context.compare(columns, .less, endKey.reshaped(shape))
    return context.multiply(context.cast(isBehind, to: dtype), context.cast(isBefore, to: dtype))
  }
}

extension AttentionExtents {
  /// The keys that the queries of a sequence see, whose documents begin at `starts`.
  fileprivate func fill(
    _ first: UnsafeMutablePointer<Int32>, _ end: UnsafeMutablePointer<Int32>, _ starts: UnsafePointer<Int64>?
  ) {
    for query in 0..<queries {
      let position = query + keys - queries
      var (low, high) = (0, isCausal ? position + 1 : keys)
      if let window {
        low = max(low, position - window + 1)
        if !isCausal, window < keys - position { high = position + window }
      }
      if let starts {
        let start = starts[query]
        precondition(
          start >= 0 && start <= query && (query == 0 || start >= starts[query - 1]),
          "position \(query) in a document that starts at \(start)")
        low = max(low, Int(start))
      }
      low = min(max(0, low), keys)
      first[query] = Int32(low)
      end[query] = Int32(min(max(low, high), keys))
    }
    guard let starts, !isCausal else { return }
    // Backwards, for where documents end.
    var last = queries
    for query in (0..<queries).reversed() {
      if query + 1 < queries, starts[query + 1] != starts[query] { last = query + 1 }
      end[query] = min(end[query], Int32(last))
    }
  }
}
