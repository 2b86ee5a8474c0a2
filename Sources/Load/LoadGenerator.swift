import Client
import Profiling

/// Puts a load on a server and keeps the times.
public struct LoadGenerator: Sendable {
  private let client: APIClient
  private let settings: LoadSettings
  private let pool: RequestPool

  /// A generator.
  ///
  /// - Throws: ``LoadError/invalidSetting(field:value:problem:)``.
  public init(_ client: APIClient, settings: LoadSettings, pool: RequestPool) throws(LoadError) {
    try settings.validate()
    (self.client, self.settings, self.pool) = (client, settings, pool)
  }

  /// Warms the server up and puts the load on it.
  ///
  /// - Parameter progress: called with the number of answered and failed requests after each of them.
  /// - Throws: ``LoadError/nothingAnswered(errors:example:)``; `CancellationError`.
  public func run(progress: @escaping @Sendable (Int) -> Void = { _ in }) async throws -> LoadResult {
    let before = LoadLog()
    if !pool.warmUp.isEmpty {
      var clients = pool.warmUp.count
      if case .closed(let most) = settings.arrivals { clients = min(clients, most) }
      await loop(clients: clients, requests: pool.warmUp, count: pool.warmUp.count, until: .infinity, before) { _ in }
      try Task.checkCancellation()
      try before.requireAnswers()
    }
    let log = LoadLog()
    let (cpu, resent) = (ProcessTime.now, client.requestsResent)
    let start = APIClient.now
    let end = settings.seconds.map { start + $0 } ?? .infinity
    if let times = settings.arrivals.schedule(count: limit, seconds: settings.seconds, seed: settings.seed) {
      await follow(times, from: start, log, progress)
    } else if case .closed(let clients) = settings.arrivals {
      await loop(
        clients: clients, requests: pool.requests, count: settings.requests ?? .max, until: end, log, progress)
    }
    try Task.checkCancellation()
    let generatorSeconds = ProcessTime.now - cpu
    try log.requireAnswers()
    return LoadResult(
      settings: settings, start: start, end: APIClient.now, log: log, warmUp: before, pool: pool,
      resent: client.requestsResent - resent, generatorSeconds: generatorSeconds)
  }

  /// The most requests; a trace has no more than it has.
  private var limit: Int? {
    if case .recorded = settings.arrivals { return min(settings.requests ?? .max, pool.requests.count) }
    return settings.requests
  }

  /// Clients that ask again as soon as they are answered.
  private func loop(
    clients: Int, requests: [LoadRequest], count: Int, until end: Double, _ log: LoadLog,
    _ progress: @escaping @Sendable (Int) -> Void
  ) async {
    let next = SharedCount()
    await withDiscardingTaskGroup { group in
      for _ in 0..<min(clients, count) {
        group.addTask {
          while !Task.isCancelled, APIClient.now < end {
            let number = next.add(1)
            if number >= count { return }
            let isAnswered = await ask(requests[number % requests.count], due: APIClient.now, log)
            progress(log.count)
            // A server that refuses at once must not be asked as fast as the processor can.
            if !isAnswered { try? await Task.sleep(for: .milliseconds(10)) }
          }
        }
      }
    }
  }

  /// Requests at their times, answered or not.
  private func follow(
    _ times: [Double], from start: Double, _ log: LoadLog, _ progress: @escaping @Sendable (Int) -> Void
  ) async {
    let inFlight = SharedCount()
    await withDiscardingTaskGroup { group in
      for (number, time) in times.enumerated() {
        let due = start + time
        let wait = due - APIClient.now
        if wait > 0 { try? await Task.sleep(for: .seconds(wait), tolerance: .zero) }
        if Task.isCancelled { return }
        if inFlight.value >= settings.maxInFlight {
          log.fail("client_limit", "\(settings.maxInFlight) requests are under way (--max-in-flight)")
          continue
        }
        inFlight.add(1)
        group.addTask {
          _ = await ask(pool.requests[number % pool.requests.count], due: due, log)
          inFlight.add(-1)
          progress(log.count)
        }
      }
    }
  }

  /// One request; whether it was answered.
  private func ask(_ request: LoadRequest, due: Double, _ log: LoadLog) async -> Bool {
    let recorder = AnswerRecorder(kind: settings.kind)
    let body = request.body(settings)
    let sent = APIClient.now
    do {
      try await client.stream(request.path(settings.kind), body: body) { event, seconds in
        try recorder.take(event, seconds)
      }
      log.answer(recorder.times(due: due, sent: sent, end: APIClient.now), to: request)
      return true
    } catch is CancellationError {
      return false
    } catch let error as ClientError {
      log.fail(error.kind, error.description)
    } catch { log.fail("other", "\(error)") }
    return false
  }
}
