"""Attention in plain products is torch's own, whatever encoder it serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from transformers import PreTrainedModel

from vizsla_trainer.training import attention
from vizsla_trainer.training.attention import use_plain_attention

_SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "attention_dropout": 0.0,
    "pad_token_id": 0,
}


def bert() -> PreTrainedModel:
    made: PreTrainedModel = transformers.BertModel(transformers.BertConfig(**_SIZES, attn_implementation="sdpa"))
    return made


def roberta() -> PreTrainedModel:
    made: PreTrainedModel = transformers.RobertaModel(transformers.RobertaConfig(**_SIZES, attn_implementation="sdpa"))
    return made


def modernbert() -> PreTrainedModel:
    sizes = {**_SIZES, "local_attention": 4, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    made: PreTrainedModel = transformers.ModernBertModel(
        transformers.ModernBertConfig(**sizes, attn_implementation="sdpa")
    )
    return made


def qwen() -> PreTrainedModel:
    """It looks back only, and four of its heads share two keys."""
    made: PreTrainedModel = transformers.Qwen3Model(
        transformers.Qwen3Config(**_SIZES, num_key_value_heads=2, head_dim=8, attn_implementation="sdpa")
    )
    return made


def causal() -> PreTrainedModel:
    made: PreTrainedModel = transformers.Qwen3Model(
        transformers.Qwen3Config(**_SIZES, num_key_value_heads=4, head_dim=8, attn_implementation="sdpa")
    )
    return made


def texts(lengths: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token numbers and mask, padded to the longest."""
    longest = max(lengths)
    numbers = torch.randint(3, 64, (len(lengths), longest), generator=torch.Generator().manual_seed(1))
    mask = (torch.arange(longest) < torch.tensor(lengths)[:, None]).long()
    return numbers * mask, mask


def read(network: PreTrainedModel, numbers: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
    """What a network makes of texts, and the gradients of a number made of that."""
    network.zero_grad()
    states = network(input_ids=numbers, attention_mask=mask).last_hidden_state * mask[..., None]
    states.pow(2).sum().backward()
    return [states.detach(), *(p.grad.clone() for p in network.parameters() if p.grad is not None)]


@pytest.mark.parametrize("make", [bert, roberta, modernbert, qwen, causal])
@pytest.mark.parametrize("lengths", [(9, 4, 1), (7, 7)], ids=["padded", "full"])
def test_an_encoder_makes_the_same_of_texts_and_learns_the_same(
    make: Callable[[], PreTrainedModel], lengths: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    network = make().eval()
    before = read(network, *texts(lengths))
    use_plain_attention(network)
    assert network.config._attn_implementation != "sdpa"
    for one, other in zip(before, read(network, *texts(lengths)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_long_texts_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    network = bert().eval()
    before = read(network, *texts((9, 4)))
    use_plain_attention(network)
    monkeypatch.setattr(attention, "_MOST_TOKENS", 8)
    for one, other in zip(before, read(network, *texts((9, 4))), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_in_half_the_bits_what_is_hidden_stays_hidden() -> None:
    network = bert().eval()
    use_plain_attention(network)
    numbers, mask = texts((9, 4))
    other = numbers.clone()
    other[1, 4:] = 5
    with torch.autocast("cpu", torch.bfloat16):
        found = [network(input_ids=one, attention_mask=mask).last_hidden_state for one in (numbers, other)]
    assert torch.isfinite(found[0]).all()
    torch.testing.assert_close(found[0][1, :4], found[1][1, :4])


def test_a_network_within_another_is_found_and_saved_without_a_word_of_it(tmp_path: Path) -> None:
    encoder = bert()
    use_plain_attention(torch.nn.ModuleDict({"encoder": encoder}))
    assert encoder.config._attn_implementation != "sdpa"
    encoder.save_pretrained(tmp_path)
    assert "vizsla" not in (tmp_path / "config.json").read_text()
    again = transformers.AutoModel.from_pretrained(tmp_path, attn_implementation="sdpa")
    assert again.config._attn_implementation == "sdpa"
