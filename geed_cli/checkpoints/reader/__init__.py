"""The process that reads torch.save files: how it is started and limited, and what runs inside it."""
