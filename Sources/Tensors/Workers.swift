import CVenturi

/// The threads that compute: a fork-join pool of which the calling thread is a member.
///
/// A fork costs about a microsecond while the pool spins. Each worker begins with a share of neighbouring items and then
/// takes from the others' ends, so items run in no particular order; results must not depend on which worker runs an
/// item or when, so every reduction is over items, never over workers.
public final class Workers: @unchecked Sendable {
  private let pool: OpaquePointer
  /// The number of threads, the caller included.
  public let count: Int

  /// A pool of `count` threads, by default one for each processor this process may use.
  public init(count: Int? = nil) {
    let wanted = Int32(clamping: max(1, count ?? Int(vt_available_processors())))
    guard let pool = vt_pool_create(wanted) ?? vt_pool_create(1) else {
      preconditionFailure("no memory for a worker pool")
    }
    self.pool = pool
    self.count = Int(vt_pool_threads(pool))
  }

  deinit { vt_pool_destroy(pool) }

  /// Runs `body(item, worker)` for every item of `0..<count`, in parallel; returns when all are done.
  ///
  /// `worker` is below ``count`` and indexes scratch that belongs to this call. `body` does not escape and allocates
  /// nothing itself; the call does, unless the count is 1, which runs on the caller. Operators of plans use a
  /// ``WorkerJob``.
  public func run(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    if count <= 0 { return }
    if count == 1 { return body(0, 0) }
    withoutActuallyEscaping(body) { escapable in
      withUnsafePointer(to: escapable) { context in
        vt_pool_run(
          pool, Int32(count),
          { context, item, worker in
            let body = context.unsafelyUnwrapped.assumingMemoryBound(to: ((Int, Int) -> Void).self)
            body.pointee(Int(item), Int(worker))
          }, UnsafeMutableRawPointer(mutating: context))
      }
    }
  }

  /// Runs a C job over `0..<count`; the form that costs no closure.
  public func run(_ count: Int, job: vt_job?, context: UnsafeMutableRawPointer) {
    vt_pool_run(pool, Int32(count), job, context)
  }

  /// How many items to cut `total` units into, so that each has at least `grain` of them and threads can balance.
  public func items(_ total: Int, grain: Int) -> Int {
    count == 1 ? 1 : max(1, min(total / max(1, grain), count * 8))
  }
}
