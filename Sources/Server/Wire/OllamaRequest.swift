import Inference

/// A body of one of ollama's routes that answer.
protocol OllamaRequest: AnswerRequest {
  var order: OllamaOrder { get }
}

extension OllamaRequest {
  var model: String? { order.model }
  var choices: Int { 1 }
  var isStreamed: Bool { order.isStreamed }

  func task(_ engine: Engine, model name: String, limits: RequestLimits) throws -> AnswerTask {
    try order.task(engine, model: name, limits: limits)
  }
}
