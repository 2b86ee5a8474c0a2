import Formats
import Hummingbird
import Inference
import NIOCore
import Text

/// `POST /v1/chat/completions` and `/v1/completions`.
struct AnswerRoutes {
  let services: ServerServices

  var routes: [Route] {
    [
      Route(.post, ["/v1/chat/completions", "/chat/completions"]) { request, context in
        try await answer(request, context, prepareChat)
      },
      Route(.post, ["/v1/completions", "/completions"]) { request, context in
        try await answer(request, context, prepareCompletion)
      },
    ]
  }

  private func prepareChat(_ body: [UInt8]) async throws -> PreparedAnswer {
    let limits = services.settings.limits
    let request = try await OffPool.run {
      try ChatCompletionRequest(FieldReader(body: body, limits: limits), limits: limits)
    }
    let (engine, name) = try await services.engine(request.model)
    return try await OffPool.run {
      let prompt = try ChatPrompt(request.messages, variables: request.templateVariables).tokens(engine, limits: limits)
      let generations = try PreparedAnswer.start(engine, [prompt], request.options, choices: request.choices)
      let vocabulary = engine.tokenizer.vocabulary
      let isTold = request.options.logProbabilities != nil
      return PreparedAnswer(
        form: ChatForm(
          header: AnswerHeader(prefix: "chatcmpl-", model: name), vocabulary: vocabulary, hasLogProbabilities: isTold),
        generations: generations, choices: request.choices, isStreamed: request.isStreamed,
        includesUsage: request.includesUsage, keepsTokens: isTold, vocabulary: vocabulary)
    }
  }

  private func prepareCompletion(_ body: [UInt8]) async throws -> PreparedAnswer {
    let limits = services.settings.limits
    let request = try await OffPool.run {
      try CompletionRequest(FieldReader(body: body, limits: limits), limits: limits)
    }
    let (engine, name) = try await services.engine(request.model)
    return try await OffPool.run {
      let prompts = try request.prompts.map { prompt in
        try limits.check(try engine.tokens(of: prompt), "prompt")
      }
      let generations = try PreparedAnswer.start(engine, prompts, request.options, choices: request.choices)
      let vocabulary = engine.tokenizer.vocabulary
      let isTold = request.options.logProbabilities != nil
      return PreparedAnswer(
        form: CompletionForm(
          header: AnswerHeader(prefix: "cmpl-", model: name), vocabulary: vocabulary, hasLogProbabilities: isTold),
        generations: generations, choices: request.choices, isStreamed: request.isStreamed,
        includesUsage: request.includesUsage, keepsTokens: isTold, vocabulary: vocabulary)
    }
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
    let body = ResponseBody { writer in
      let events = EventStream(limit: settings.limits.outputBuffer)
      do {
        try await events.run(&writer, ping: settings.deadlines.ping) { await reader.stream(to: events, client) }
      } catch {
        running.stop(.clientGone)
        throw error
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: EventStream.headers, body: body)
  }
}
