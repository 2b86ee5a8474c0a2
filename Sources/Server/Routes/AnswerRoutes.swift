import Formats
import Hummingbird
import Inference
import NIOCore
import Text

/// The routes that answer a prompt: chat completions, completions, responses and messages, one core in four forms.
struct AnswerRoutes {
  let services: ServerServices

  var routes: [Route] {
    [
      route(["/v1/chat/completions", "/chat/completions"], ChatCompletionRequest.self),
      route(["/v1/completions", "/completions"], CompletionRequest.self),
      route(["/v1/responses", "/responses"], ResponsesRequest.self),
      route([MessagesForm.path], MessagesRequest.self),
    ]
  }

  /// A route that takes requests of a kind.
  ///
  /// - Parameter naming: a model's name here, from the name that a request gives.
  func route<Asked: AnswerRequest>(
    _ paths: [String], _ kind: Asked.Type, naming: @escaping @Sendable (String?) -> String? = { $0 }
  ) -> Route {
    Route(.post, paths) { request, context in
      try await answer(request, context) { body in try await prepare(kind, body, naming) }
    }
  }

  private func prepare<Asked: AnswerRequest>(
    _ kind: Asked.Type, _ body: [UInt8], _ naming: (String?) -> String?
  ) async throws -> PreparedAnswer {
    let limits = services.settings.limits
    let request = try await OffPool.run { try Asked(FieldReader(body: body, limits: limits), limits: limits) }
    let (engine, name) = try await services.engine(naming(request.model))
    return try await OffPool.run { try PreparedAnswer(request, engine, model: name, limits: limits) }
  }

  /// From a body to an answer, whole or streamed; a client that leaves ends what is under way.
  private func answer(
    _ request: Request, _ context: ServerContext, _ prepare: @Sendable ([UInt8]) async throws -> PreparedAnswer
  ) async throws -> Response {
    let running = try services.requests.begin(context.logger)
    do {
      let prepared = try await services.bytes.read(request) { body in try await prepare(body) }
      for generation in prepared.generations { running.add { generation.cancel() } }
      if let client = context.client { running.watch(client) }
      let reader = AnswerReader(answer: prepared, request: running, metrics: services.metrics)
      if prepared.isStreamed { return stream(reader, running, context) }
      let answers = try await reader.collect()
      let usage = reader.usage(answers)
      running.note(usage)
      let given = answers.best(prepared.choices, of: prepared.drawn)
      let response = Response(json: prepared.form.whole(given, usage: usage))
      running.end(.ok)
      return response
    } catch is AnswerReader.Stopped {
      running.end(running.cause == .shutdown ? .overloaded : .clientGone)
      throw running.stopFailure
    } catch {
      let failure = RequestFailure(error)
      running.stop(.clientGone)
      running.end(Outcome(failure))
      throw failure
    }
  }

  private func stream(_ reader: AnswerReader, _ running: RunningRequest, _ context: ServerContext) -> Response {
    let settings = services.settings
    let client = context.client
    let framing = reader.answer.form.framing
    let body = ResponseBody { writer in
      let events = EventStream(limit: settings.limits.outputBuffer, framing: framing)
      do {
        try await events.run(&writer, ping: settings.deadlines.ping) { await reader.stream(to: events, client) }
      } catch {
        running.stop(.clientGone)
        throw error
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: framing.headers, body: body)
  }
}
