import Venturi

let engine = try await Engine.load("smollm2")  // a pulled model's name, or a path
let session = engine.session()
for try await event in session.respond(to: "Why is the sky blue?", options: .greedy) {
  if case .text(let piece) = event { print(piece, terminator: "") }
}
