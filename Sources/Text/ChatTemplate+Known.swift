extension ChatTemplate {
  /// A template text and what it does.
  struct Known {
    let name: String
    let defaultSystem: String?
    let text: String
  }

  private static let turns = """
    {{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}\
    {% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
    """

  private static let smolLM2System = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

  /// The texts that are rendered exactly, checked against a Jinja interpreter by the golden cases.
  static let known = [
    Known(name: "chatml", defaultSystem: nil, text: "{% for message in messages %}" + turns),
    Known(
      name: "smollm2", defaultSystem: smolLM2System,
      text: """
        {% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}\
        {{ '<|im_start|>system\n\(smolLM2System)<|im_end|>\n' }}{% endif %}
        """ + turns),
  ]
}
