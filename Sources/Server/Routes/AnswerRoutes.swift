import Formats
import Hummingbird
import Inference
import NIOCore
import Text

/// Routes that answer with generated text: each is a way to ask and a form of the answer, and all else is one thing.
struct AnswerRoutes {
  let services: ServerServices

  /// How the answers of a model that goes by a name are written.
  typealias MakeForm = @Sendable (Engine, String) -> any AnswerForm

  /// `POST /v1/chat/completions` and `/v1/completions`.
  var routes: [Route] {
    [
      Route(.post, ["/v1/chat/completions", "/chat/completions"]) { request, context in
        try await answer(request, context, ChatCompletionRequest.init) { asked in
          try await start(asked) { engine, name in
            ChatForm(
              header: AnswerHeader(prefix: "chatcmpl-", model: name), vocabulary: engine.tokenizer.vocabulary,
              hasLogProbabilities: asked.options.logProbabilities != nil, includesUsage: asked.includesUsage)
          }
        }
      },
      Route(.post, ["/v1/completions", "/completions"]) { request, context in
        try await answer(request, context, CompletionRequest.init) { asked in
          try await start(asked) { engine, name in
            CompletionForm(
              header: AnswerHeader(prefix: "cmpl-", model: name), vocabulary: engine.tokenizer.vocabulary,
              hasLogProbabilities: asked.options.logProbabilities != nil, includesUsage: asked.includesUsage)
          }
        }
      },
    ]
  }

  /// Has a model answer a conversation.
  ///
  /// - Throws: ``RequestFailure``.
  func start(_ request: ChatCompletionRequest, _ form: @escaping MakeForm) async throws -> PreparedAnswer {
    let limits = services.settings.limits
    let (engine, name) = try await services.engine(request.model)
    return try await OffPool.run {
      let limits = try limits.narrowed(to: request.contextTokens, engine)
      let conversation = ChatPrompt(
        request.messages, variables: request.templateVariables, field: request.field)
      let prompt = try conversation.tokens(engine, limits: limits)
      return try PreparedAnswer(
        engine, [prompt], request.options, contextTokens: request.contextTokens, choices: request.choices,
        isStreamed: request.isStreamed, form: form(engine, name))
    }
  }

  /// Has a model go on with texts.
  ///
  /// - Throws: ``RequestFailure``.
  func start(_ request: CompletionRequest, _ form: @escaping MakeForm) async throws -> PreparedAnswer {
    let limits = services.settings.limits
    let (engine, name) = try await services.engine(request.model)
    return try await OffPool.run {
      let limits = try limits.narrowed(to: request.contextTokens, engine)
      let prompts = try request.prompts.map { try limits.check(try engine.tokens(of: $0), "prompt") }
      return try PreparedAnswer(
        engine, prompts, request.options, contextTokens: request.contextTokens, choices: request.choices,
        isStreamed: request.isStreamed, form: form(engine, name))
    }
  }

  /// From a body to an answer, whole or streamed; a client that leaves ends what is under way.
  ///
  /// - Throws: ``RequestFailure``.
  func answer<Asked: Sendable>(
    _ request: Request, _ context: ServerContext,
    _ read: @escaping @Sendable (FieldReader, RequestLimits) throws -> Asked,
    _ start: @Sendable (Asked) async throws -> PreparedAnswer
  ) async throws -> Response {
    let limits = services.settings.limits
    let running = try services.requests.begin(context.logger)
    do {
      let prepared = try await services.bytes.read(request) { body in
        try await start(try await OffPool.run { try read(FieldReader(body: body, limits: limits), limits) })
      }
      for generation in prepared.generations { running.add { generation.cancel() } }
      if let client = context.client { running.watch(client) }
      let reader = AnswerReader(answer: prepared, request: running, metrics: services.metrics)
      if prepared.isStreamed { return stream(reader, running, context) }
      let answers = try await reader.collect()
      let usage = reader.usage(answers)
      running.note(usage)
      let response = Response(json: prepared.form.whole(answers, usage: usage))
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
